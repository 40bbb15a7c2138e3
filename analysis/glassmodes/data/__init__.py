"""Files and tables: HDF5 and Parquet, columns, hashes, archives, unfinished work."""
