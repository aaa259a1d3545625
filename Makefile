# make help lists the targets.
export CGO_ENABLED = 0
STACK ?= dev

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the program, as pulumi up runs it
	go build -o bin/doks-security .

.PHONY: tools
tools: # what a rehearsal runs: the control plane, the simulated DigitalOcean, a Pulumi CLI
	@rehearsal/build

.PHONY: rehearse
rehearse: tools ## deploy, check and destroy STACK=dev on this machine, without an account; KEEP=1 leaves it running
	@bin/rehearsal -stack $(STACK) -pulumi bin/cli $(if $(KEEP),-keep)

.PHONY: drill
drill: tools ## rehearse failures and their recovery, all or NAME="<patterns>", and write docs/drills.md
	@bin/rehearsal -pulumi bin/cli -drill "$(or $(NAME),*)"

.PHONY: settings-table
settings-table: tools ## change every setting of a running stack, all or NAME=<pattern>, and write docs/changing-settings.md
	@bin/rehearsal -pulumi bin/cli -settings "$(or $(NAME),*)"

.PHONY: env
env: ## write the stack file of a new environment: NAME=qa, PROFILE=dev or prod
	@go run ./stack/cmd/env -name "$(NAME)" $(if $(PROFILE),-profile "$(PROFILE)")

export CHARTS_DIR
.PHONY: charts
charts: ## fetch and verify the pinned Helm charts, into .charts or CHARTS_DIR=<directory>; enter missing digests
	@go run ./charts/cmd/charts "$(or $(CHARTS_DIR),.charts)" .

.PHONY: proof
proof: ## check our values against the real charts, and say which archives were used
	@bash -o pipefail -c "go -C rehearsal test -count=1 -v -run 'TestPublishedCharts|TestChartsKeepTheirContracts|TestDevLeaves' \
		./contract ./proof | grep -vE '^ *(=== RUN|--- PASS: .*/)'"

.PHONY: rendered
rendered: ## write what the charts request and claim to values/rendered.yaml, and what is made of that to the docs
	go -C rehearsal test ./proof -count=1 -run 'RenderedFile' -update
	go test ./stack -count=1 -run 'InvalidSettings|Cost' -update

.PHONY: upgrade
upgrade: tools ## say what a newer CHART=falco would change; VERSION=x.y.z, or ARCHIVE=file without internet
	@test -n "$(CHART)" || { echo "usage: make upgrade CHART=falco [VERSION=x.y.z | ARCHIVE=file]" >&2; exit 2; }
	@bin/rehearsal -upgrade "$(CHART)" -version "$(VERSION)" -archive "$(ARCHIVE)"

.PHONY: packages
packages: monitoring/node_modules # what tests and pictures take from npm

monitoring/node_modules: monitoring/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not installed: LogQL is not read by its grammar"; \
	elif npm ci --prefix monitoring --loglevel error --no-audit --no-fund; then touch $@; \
	else echo "npm ci failed: LogQL is not read by its grammar"; fi

.PHONY: manifests
manifests: ## render all that STACK=dev puts into its cluster into files, build/manifests/dev or OUT=<directory>
	@go -C rehearsal run ./cmd/manifests -root "$(CURDIR)" -stack "$(STACK)" -out "$(abspath $(or $(OUT),build/manifests/$(STACK)))"

BASE ?= origin/main

.PHONY: preview
preview: ## say what pulumi up would do to STACK=<stack>, without a secret in it
	@ci/preview "$(STACK)"

.PHONY: preview-rehearsed
preview-rehearsed: tools ## say what pulumi up would do to a rehearsal of another commit, kept with KEEP=1; AT=<the file it names>
	@mkdir -p build/preview/$(STACK)
	@bash -o pipefail -c 'bin/rehearsal -attach "$(AT)" -pulumi bin/cli | tee build/preview/$(STACK)/pulumi.txt'

.PHONY: preview-comment
preview-comment: ## write the comment of a pull request on STACK=dev against BASE=origin/main; PULUMI=<what make preview wrote>
	@ci/compare "$(STACK)" "$(BASE)"
	@go -C rehearsal run ./cmd/comment -stack "$(STACK)" -base "$(CURDIR)/build/preview/$(STACK)/base" -head "$(CURDIR)/build/preview/$(STACK)/head" \
		$(if $(PULUMI),-pulumi "$(abspath $(PULUMI))") >build/preview/$(STACK)/comment.md
	@echo build/preview/$(STACK)/comment.md

.PHONY: drift
drift: ## detect drift of STACK=<stack>: live resources, state, program, and the objects of Helm releases
	@ci/drift "$(STACK)"

.PHONY: release-drift
release-drift: ## compare the objects of Helm releases with what Helm rendered, in the cluster of KUBECONFIG=<file>
	@go -C rehearsal build -o ../bin/drift ./cmd/drift
	@bin/drift -kubeconfig "$(KUBECONFIG)"

.PHONY: audit
audit: ## list what in the DigitalOcean account belongs to no stack, and its price; only reads
	@go -C rehearsal build -o ../bin/audit ./cmd/audit
	@bin/audit

.PHONY: lint-workflows
lint: lint-workflows
lint-workflows: ## check the workflows with actionlint
	go -C ci tool actionlint

export VULNDB
.PHONY: vulnerabilities
vulnerabilities: ## look for known vulnerabilities in the code we call; needs internet, or VULNDB=<clone of golang/vulndb>
	@ci/vulnerabilities

.PHONY: sbom
sbom: ## write what the Go modules are made of to build/sbom
	@ci/sbom

.PHONY: test
test: tools packages programs ## run every test, the rehearsals of all stack files among them
	go vet ./...
	go test ./...
	go -C examples/existing-cluster vet ./...
	go -C examples/existing-cluster test ./...
	go -C monitoring vet ./...
	go -C monitoring test ./...
	go -C identity vet ./...
	go -C identity test ./...
	go -C ci vet ./...
	go -C ci test ./...
	go -C rehearsal vet ./...
	REHEARSE_CLI=$(CURDIR)/bin/cli go -C rehearsal test -timeout 60m -ldflags "$$(rehearsal/stamp)" ./...

.PHONY: programs
programs: ## build the programs of the pipeline that tests run, if they are not on PATH: some five minutes, once
	@go -C monitoring run ./cmd/pipeline -programs

.PHONY: pipeline
pipeline: ## run the real programs from Falco's events to notifications, on this machine; the first run builds them
	@go -C monitoring run ./cmd/pipeline

.PHONY: pictures
pictures: packages ## draw the dashboards over a generated day into docs/images; needs npm and Chromium
	go -C monitoring run ./cmd/picture $(CURDIR)/docs/images

.PHONY: lint
lint: ## run golangci-lint over all modules
	go -C tools build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	bin/golangci-lint run ./...
	cd monitoring && ../bin/golangci-lint run ./...
	cd identity && ../bin/golangci-lint run ./...
	cd ci && ../bin/golangci-lint run ./...
	cd rehearsal && ../bin/golangci-lint run --timeout 10m ./...

# Falco's own rules: the real file where FALCO_RULES_DIR names its directory, otherwise what the cases need of it.
STOCK_RULES = -stock "$(if $(FALCO_RULES_DIR),$(FALCO_RULES_DIR)/falco_rules.yaml,rules/testdata/stable.yaml)"
INCUBATING_RULES = $(STOCK_RULES) \
	-stock "$(if $(FALCO_RULES_DIR),$(FALCO_RULES_DIR)/falco-incubating_rules.yaml,rules/testdata/incubating.yaml)"
SANDBOX_RULES = $(INCUBATING_RULES) \
	-stock "$(if $(FALCO_RULES_DIR),$(FALCO_RULES_DIR)/falco-sandbox_rules.yaml,rules/testdata/sandbox.yaml)"

# A real Falco to ask too: its command, or docker:<image>. Without one, Docker's images are asked, but not about the
# files with a recorded verdict: each is a container.
FALCO ?= $(shell command -v falco)
ENGINE = -engine "$(or $(FALCO),any)"
VERDICTS = $(if $(FALCO),-verdicts rules/judge/testdata/verdicts)

.PHONY: rules
rules: ## lint and test the Falco rules, with USER_RULES=<directory> yours; FALCO=<command> asks a real Falco
	go build -o bin/falcotest ./rules/cmd/falcotest
	bin/falcotest $(STOCK_RULES) -clauses $(ENGINE) $(VERDICTS) rules
	bin/falcotest -ruleset incubating $(INCUBATING_RULES) -clauses $(ENGINE) -with rules rules/incubating
	bin/falcotest -ruleset sandbox $(SANDBOX_RULES) -clauses $(ENGINE) -with rules -with rules/incubating rules/sandbox
	$(if $(USER_RULES),bin/falcotest $(STOCK_RULES) $(ENGINE) -with rules "$(USER_RULES)")

.PHONY: fuzz
fuzz: ## fuzz the linter of rules, and what settings become in other languages, for 30 s each
	go test ./rules/judge -run '^$$' -fuzz FuzzParse -fuzztime 30s -fuzzminimizetime 10x
	go test ./rules/judge -run '^$$' -fuzz FuzzLoad -fuzztime 30s -fuzzminimizetime 10x
	go test ./stack -run '^$$' -fuzz FuzzSettings -fuzztime 30s -fuzzminimizetime 10x
	go -C identity test . -run '^$$' -fuzz FuzzExposure -fuzztime 30s -fuzzminimizetime 10x
	go -C monitoring test . -run '^$$' -fuzz FuzzAlerting -fuzztime 30s -fuzzminimizetime 10x
	go -C monitoring test . -run '^$$' -fuzz FuzzAlertRules -fuzztime 30s -fuzzminimizetime 10x
	go -C rehearsal test ./program -run '^$$' -fuzz FuzzAdmission -fuzztime 30s -fuzzminimizetime 10x

.PHONY: detect
detect: ## start a virtual cluster and other suspects on STACK=<stack>, and wait for the alerts
	go run ./rules/cmd/detect -stack "$(STACK)"
