"""Transform jobs: files are split into requests, a model answers them, and the answers are files again."""
