"""One module or package for each study that ships with the project."""
