"""What nature does: numba kernels, arrays in, arrays out. No files, no studies, no units but SI and degrees."""
