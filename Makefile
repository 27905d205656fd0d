# make run      builds everything, starts the server with the two demo tenants; ARGS="--listen 127.0.0.1:9000" adds flags
# make test     every test, with all its own set-up
# make lint     formatting, clippy (with and without the features), TypeScript, eslint
# make bench    the figures of docs/
# make schema   writes schema.graphql, schema.platform.graphql and schema.operator.graphql
# make clean    removes what was built; keeps ./data

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: run test test-setup test-web test-rust test-browser lint bench schema clean web
MAKEFLAGS += --no-builtin-rules --no-print-directory

CARGO := cargo
# Cargo's own settings may say another place than ./target. Asked once, and only by what needs it.
TARGET = $(eval TARGET := $(or $(shell $(CARGO) metadata --no-deps --offline --format-version 1 2>/dev/null | \
	sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'),target))$(TARGET)
TENANTRY = $(TARGET)/debug/tenantry
# With the features of the whole workspace: `make run` after `make test`, and the other way round, then builds nothing twice.
BUILD_TENANTRY := --locked --workspace --bin tenantry
# The lock files decide; packages' own scripts are not run.
NPM_CI := npm ci --ignore-scripts --no-fund --no-audit --loglevel=error

# Where Postgres is installed when the machine has none. Postgres does not run as root, and the user who runs it for root
# has to reach it, which a clone in root's home is not.
ifeq ($(shell id -u),0)
TENANTRY_EMBEDDED_POSTGRES ?= /var/lib/tenantry/embedded-postgres
else
TENANTRY_EMBEDDED_POSTGRES ?= $(CURDIR)/data/embedded-postgres
endif
export TENANTRY_EMBEDDED_POSTGRES

# Everything that the web client's build reads.
WEB_SOURCES := schema.graphql schema.platform.graphql schema.operator.graphql $(shell find web-client \
	\( -name node_modules -o -path web-client/dist -o -path web-client/src/generated \) -prune \
	-o -type f ! -name '*.rs' ! -name Cargo.toml -print)
WEB := web-client/dist/index.html

run: $(WEB)
	@$(if $(DATABASE_URL),:,scripts/postgres-binaries)
	@$(CARGO) build $(BUILD_TENANTRY)
	@exec $(TENANTRY) serve --demo --allow-local-identity-providers $(ARGS)

test: test-setup test-web test-rust test-browser

# First what may be missing, so that nobody waits for a build to learn it.
test-setup:
	@scripts/system-packages
	@scripts/postgres-binaries

test-web: $(WEB)
	npm --prefix web-client test

test-rust: test-setup $(WEB) tests/conformance/node_modules/.installed
	$(CARGO) build --locked --workspace
ifeq ($(shell $(CARGO) nextest --version 2>/dev/null),)
	$(CARGO) test --locked --workspace --all-targets --no-run
	$(TENANTRY) postgres -- $(CARGO) test --locked --workspace --all-targets
else
	$(CARGO) nextest run --locked --workspace --all-targets --no-run
	$(TENANTRY) postgres -- $(CARGO) nextest run --locked --workspace --all-targets
endif
	$(TENANTRY) postgres -- $(CARGO) test --locked --workspace --doc

test-browser: test-setup $(WEB) tests/browser/node_modules/.installed
	$(CARGO) build --locked --workspace
	scripts/browser-tests $(abspath $(TENANTRY)) $(PLAYWRIGHT_ARGS)

lint: $(WEB) tests/browser/node_modules/.installed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --package api --all-targets -- -D warnings
	npm --prefix web-client run lint
	npm --prefix tests/browser run lint

bench: $(WEB)
	@scripts/postgres-binaries
	scripts/bench $(ARGS)

schema:
	$(CARGO) build $(BUILD_TENANTRY)
	$(TENANTRY) schema > schema.graphql.new
	mv schema.graphql.new schema.graphql
	$(TENANTRY) schema --platform > schema.platform.graphql.new
	mv schema.platform.graphql.new schema.platform.graphql
	$(TENANTRY) schema --operator > schema.operator.graphql.new
	mv schema.operator.graphql.new schema.operator.graphql

clean:
	$(CARGO) clean
	rm -rf web-client/dist web-client/src/generated web-client/node_modules tests/conformance/node_modules \
		tests/browser/node_modules tests/browser/test-results tests/browser/playwright-report

web: $(WEB)

$(WEB): $(WEB_SOURCES) web-client/node_modules/.installed
	npm --prefix web-client run build
	@touch $@

%/node_modules/.installed: %/package.json %/package-lock.json
	cd $* && $(NPM_CI)
	@touch $@
