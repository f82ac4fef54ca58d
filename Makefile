# Puts the steps in order; cargo does the work. Everything is built on the release
# profile and with all crates at once, so that running, testing and checking share
# one target folder and llama.cpp is compiled once.

PROMPT ?= What is 23% of 4,150, minus 38?
# Taken as it is written: make must not look for variables or commands in it.
override PROMPT := $(value PROMPT)
QUIPU_MODEL ?= qwen2.5-coder-1.5b
run shell: export QUIPU_MODEL := $(QUIPU_MODEL)

# Where rustup puts cargo, for shells that have not heard of it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# Would take the place of the flags in .cargo/config.toml, and build everything again.
unexport RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS
# Holds PROMPT once more; cargo and cmake do their own scheduling.
unexport MAKEFLAGS

STAGE := scripts/stage.sh
QUIPU := "$(or $(CARGO_TARGET_DIR),target)/release/quipu"
GUESTS := plugins/Cargo.toml plugins/eyes/Cargo.toml plugins/ears/Cargo.toml $(wildcard examples/*/tool/Cargo.toml)

# The readers of documents and the calculator are tested as programs of this machine, in a folder of
# their own.
READERS := env CARGO_PROFILE_DEV_DEBUG=0 cargo test --quiet --manifest-path plugins/Cargo.toml --target-dir target/guest-tests \
	-p documents -p markup -p pdf -p calculator

# By another name, or `make -n` would start it.
SELF := $(MAKE)

.NOTPARALLEL:
.PHONY: help run shell bin build guests setup test test-readers test-doctests test-downloads check readers torture \
	bench evals dist otel clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

# The prompt travels in the environment, where no shell reads it a second time.
run: export PROMPT := $(PROMPT)
run: bin ## Ask the default model: make run PROMPT='...'
	@$(QUIPU) model pull "$$QUIPU_MODEL"
	@$(QUIPU) run -- "$$PROMPT"

shell: bin ## Start the interactive shell on the default model
	@$(QUIPU) model pull "$$QUIPU_MODEL"
	@$(QUIPU)

bin: guests ## Build target/release/quipu
	@$(STAGE) "build (minutes the first time)" cargo build --release --workspace --bin quipu

build: guests ## Build the tests and benchmarks as well
	@$(STAGE) "build (minutes the first time)" cargo build --release --workspace --all-targets

guests: setup ## Build the wasm tools into target/guests
	@$(STAGE) guests scripts/guests.sh

setup: ## Install what building needs, if something is missing
	@scripts/setup.sh

# What `cargo clippy -- -Dwarnings` sets. Set for documentation and tests too, since cargo keeps what
# a wrapper has read apart: otherwise it would read each library of this workspace once more.
CLIPPY := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
FORMAT := $(STAGE) format sh -c 'for at; do cargo fmt --all --check --manifest-path "$$at" || exit; done' sh Cargo.toml $(GUESTS)

check: guests ## Check format, lints and documentation of everything
	@$(FORMAT)
	@$(CLIPPY) $(STAGE) clippy cargo check --release --workspace --all-targets
	@# With the examples the dependencies have the features that clippy checked them with.
	@$(CLIPPY) RUSTDOCFLAGS=-Dwarnings $(STAGE) docs cargo doc --release --workspace --no-deps --lib --bins --examples

# The file of a model, in a recipe: $(call file_of,NAME).
file_of = $$($(QUIPU) model show $(1) --json | sed 's/.*"path": *"\([^"]*\)".*/\1/')

# clippy reads while it compiles, and the documentation is made of what was compiled: a check of
# their own would read every dependency once more. `make check` reads what no test runs as well:
# benchmarks, measurements, the program of the evaluations.
# Model tests get the smallest models, in their fastest layout; QUIPU_TEST_MODEL=FILE and
# QUIPU_TEST_EMBEDDER=FILE give them others.
# The tests come last, so that the output ends in their summary.
test: guests ## Check format, lints and documentation, and run the tests
	@$(FORMAT)
	@$(CLIPPY) $(STAGE) "build and lints (minutes the first time)" cargo build --release --workspace --bin quipu --tests --example 03_processes
	@# Beside each other: one compiles, one links program after program, one waits for the network.
	@$(STAGE) "readers, doctests, documentation and downloads" \
		sh -c 'printf "%s\n" test-readers test-doctests test-downloads | xargs -P 3 -n 1 $(SELF) --silent'
	@QUIPU_TEST_MODEL=$${QUIPU_TEST_MODEL:-$(call file_of,smollm2-135m-q4_0)}; export QUIPU_TEST_MODEL; \
	QUIPU_TEST_EMBEDDER=$${QUIPU_TEST_EMBEDDER:-$(call file_of,minilm-l6-v2)}; export QUIPU_TEST_EMBEDDER; \
	TMPDIR=$$(scripts/test-folder.sh); export TMPDIR; \
	if cargo nextest --version >/dev/null 2>&1; \
	then $(CLIPPY) cargo nextest run --cargo-quiet --release --workspace --lib --bins --tests; \
	else $(CLIPPY) cargo test --quiet --release --workspace --lib --bins --tests; fi

test-readers:
	@$(READERS)

test-doctests:
	@$(CLIPPY) RUSTDOC="$(CURDIR)/scripts/rustdoc.sh" cargo test --release --workspace --doc

# The smallest models, and the compiler of tools in C.
test-downloads:
	@scripts/pip-tool.sh zig >/dev/null
	@[ -n "$$QUIPU_TEST_MODEL" ] || $(QUIPU) model pull smollm2-135m --quant q4_0
	@[ -n "$$QUIPU_TEST_EMBEDDER" ] || $(QUIPU) model pull minilm-l6-v2

# Each test takes as many cases as CASES says, or as many as it is good for.
torture: build ## Power cuts, kills, edits and damaged inputs by the thousand: make torture [CASES=20000]
	@TMPDIR=$$(scripts/test-folder.sh) PROPTEST_CASES=$(or $(CASES),20000) cargo nextest run --cargo-quiet --release --workspace --profile torture -E 'test(/(^|::)torture_/)'

readers: guests ## Run the tests of what reads documents, pictures and recordings, as programs of this machine
	@$(READERS)
	@cargo test --quiet --manifest-path plugins/eyes/Cargo.toml --target-dir target/guest-tests/vector
	@cargo test --quiet --manifest-path plugins/ears/Cargo.toml --target-dir target/guest-tests/relaxed

bench: build ## Measure beside llama.cpp's own tools: make bench [SUITES='raw agents']
	@$(QUIPU) model pull smollm2-135m --quant q4_0
	@peers=$$(scripts/llama-cpp.sh) && \
	cargo bench --quiet --workspace --bench machine -- "$(call file_of,smollm2-135m-q4_0)" "$$peers" $(SUITES)

# With other features for one crate cargo checks that crate and what is new again, nothing else.
otel: guests ## Check and test what is sent to OpenTelemetry collectors
	@$(CLIPPY) $(STAGE) clippy cargo check --release --workspace --all-targets --features quipu/otel
	@cargo test --quiet --release --workspace --features quipu/otel --bins --test cli telemetry

# The data are not part of this project; evals/suites.sh says what DATA has.
evals: bin ## Run two public suites: make evals DATA=DIR [N=100]
	@$(QUIPU) model pull "$(QUIPU_MODEL)"
	@QUIPU=$(QUIPU) evals/suites.sh "$(DATA)" $(or $(N),100) --model "$(QUIPU_MODEL)"

dist: guests ## Build an archive for other machines: dist/*.tar.gz
	@$(STAGE) "archive (as long as a first build)" scripts/dist.sh
	@cat dist/SHA256SUMS

clean: ## Remove everything that was built; models stay
	@cargo clean --quiet
	@rm -rf dist
