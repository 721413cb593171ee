"""Which inputs an answer hangs on: how the inputs are drawn -> sensitivity indices, dependence -> pictures -> report."""
