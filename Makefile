# The everyday commands. `make` lists them. ARGS goes through: make run ARGS="config --format json"

.POSIX:

CARGO = cargo
ARGS =

.PHONY: help run test lint count contract bench docs features ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: ## run the quickstart example; ARGS are its arguments
	$(CARGO) run -q -p quickstart -- $(ARGS)

# Without a choice of targets, cargo runs all of them: unit, integration and UI tests, those of the examples, doc tests. With all
# features the quickstart is on PostgreSQL; the second line is the one on SQLite.
test: ## install what the tests need, then run all tests, doc tests included; ARGS choose some by name
	scripts/install-test-tools
	$(CARGO) test --workspace --all-features --no-fail-fast $(ARGS)
	$(CARGO) test -p quickstart --no-fail-fast $(ARGS)

lint: ## check the formatting, and clippy without a warning
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings

count: ## count instructions and allocations of a request (valgrind), and fail when they are above benches/budget.toml
	scripts/install-test-tools count
	benches/count --check

contract: ## ask the quickstart what its OpenAPI document says (schemathesis, 40 s), and try its Swagger UI in a browser
	scripts/install-test-tools contract
	scripts/schemathesis 40
	scripts/swagger-ui

bench: ## count instructions and allocations of a request (valgrind), then measure times; ARGS go to cargo bench
	benches/count
	$(CARGO) bench -p rustboot-benches $(ARGS)

docs: ## build the API documentation without a warning
	RUSTDOCFLAGS="$$RUSTDOCFLAGS -D warnings" $(CARGO) doc --workspace --no-deps --all-features

features: ## check every cargo feature alone
	scripts/feature-matrix

ci: ## what CI runs: all of the above and more; ARGS are names of steps
	.ci/run $(ARGS)
