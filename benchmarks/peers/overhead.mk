# Six empty steps one after another, as targets of make. PYTHON is the interpreter of the steps.
.PHONY: all s0 s1 s2 s3 s4 s5
all: s5
s0:
	@$(PYTHON) -c pass
s1: s0
	@$(PYTHON) -c pass
s2: s1
	@$(PYTHON) -c pass
s3: s2
	@$(PYTHON) -c pass
s4: s3
	@$(PYTHON) -c pass
s5: s4
	@$(PYTHON) -c pass
