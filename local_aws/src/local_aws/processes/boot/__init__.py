"""What runs on the job's side: standard library only, and gone from `sys.modules` before a job's own code starts."""
