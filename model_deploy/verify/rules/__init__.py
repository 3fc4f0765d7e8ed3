"""cfn-lint's own form for what can be seen in the template as it is written, before anything is resolved."""
