# The two commands of the README, and what they stand on.
.PHONY: demo test check clean
demo:
	@scripts/setup
	@.venv/bin/klover demo $(ARGS)
test:
	@scripts/setup dev
	@scripts/test $(ARGS)
check:
	@scripts/setup dev
	@scripts/check
clean:
	rm -rf .venv
