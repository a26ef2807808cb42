"""A worker as a process: what `monarch run` does, without the command line before it."""

from monarch.app.assembly import Role
from monarch.app.service import run_worker
from monarch.settings import load_settings

if __name__ == "__main__":
    run_worker(load_settings(), frozenset(Role))
