"""CodeBuild: a project's buildspec is run for real, command by command, and what it makes becomes objects."""
