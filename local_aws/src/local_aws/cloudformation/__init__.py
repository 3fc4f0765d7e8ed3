"""CloudFormation: templates become stacks, one transaction a resource, and go on after a kill."""
