"""The commands where a key of Valkey holds something else."""
