"""CodePipeline V2: stages and actions over artifacts, one transaction a transition, going on after a kill."""
