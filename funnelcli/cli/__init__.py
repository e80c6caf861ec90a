"""The command line: one short file per command (parse, load, compute, write); errors are caught once, in `main`."""
