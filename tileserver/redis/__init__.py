"""What all servers of one Redis share. It costs a few milliseconds at most where there is none."""
