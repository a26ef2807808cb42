"""What people ask for beside a plain request, carried out by real workers."""
