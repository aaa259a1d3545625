# make help lists the targets.
# As Pulumi builds the program: pulumi up reuses what make compiled.
export GOFLAGS := $(shell go env GOFLAGS) -trimpath
STACK ?= dev
CHART_NAMES = $(strip $(subst /chart,,$(patsubst values/%.yaml,%,$(wildcard values/*/chart.yaml \
	values/*/chart-*.yaml)) $(patsubst addons/%.yaml,%,$(wildcard addons/*/chart.yaml))))

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { \
		n = split($$2, words, " "); line = sprintf("  make %-18s", $$1); \
		for (i = 1; i <= n; i++) { \
			if (length(line " " words[i]) > 80) { print line; line = sprintf("%25s", "") } \
			line = line " " words[i] } \
		print line }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the program, as pulumi up runs it
	go build -o bin/doks-security .

# What a target needs is checked before anything is compiled.
.PHONY: stack-file
stack-file:
	@test -f "Pulumi.$(STACK).yaml" || { echo "STACK=$(STACK): there is no file Pulumi.$(STACK).yaml;" \
		"allowed: $(patsubst Pulumi.%.yaml,%,$(wildcard Pulumi.*.yaml));" \
		"fix: make env NAME=<stack> writes another" >&2; exit 2; }

.PHONY: pulumi-cli
pulumi-cli:
	@command -v pulumi >/dev/null || { echo "pulumi is not on PATH;" \
		"fix: install it, https://www.pulumi.com/docs/iac/download-install/" >&2; exit 2; }

.PHONY: chart
chart:
	@test -n "$(filter $(CHART),$(CHART_NAMES))" || { echo "CHART=$(CHART): allowed: $(CHART_NAMES);" \
		"fix: make upgrade CHART=falco [VERSION=x.y.z | ARCHIVE=file]" >&2; exit 2; }

.PHONY: example-addons
example-addons:
	@for name in $(ADDONS); do test -d "examples/addons/$$name" || { \
		echo "ADDONS=$$name: allowed: $(notdir $(wildcard examples/addons/*)), or several of them" >&2; exit 2; }; done

.PHONY: kept-rehearsal
kept-rehearsal:
	@test -f "$(AT)" || { echo "AT=$(AT): allowed: the file that make rehearse KEEP=1 names" \
		"in the other commit" >&2; exit 2; }

# listed PAGE SOURCES: refuses names in NAME that neither the page nor the sources have; patterns are not looked up.
listed = @set -f; for name in $(NAME); do case "$$name" in *[*?[]*) continue ;; esac; \
	grep -qsF "\`$$name\`" $(1) || grep -qrsF "\"$$name\"" $(2) || { \
	echo "NAME=$$name: allowed: those of $(1), and patterns of them" >&2; exit 2; }; done

.PHONY: drill-names
drill-names:
	$(call listed,docs/drills.md,test/drill)

.PHONY: setting-names
setting-names:
	$(call listed,docs/changing-settings.md,test/changes)

.PHONY: tools
tools: # what a rehearsal runs: the control plane, the simulated DigitalOcean, a Pulumi CLI
	@test/build $(if $(LIVE),live)

.PHONY: live
live:
	@$(if $(LIVE),go -C test run ./live/cmd/needs)

.PHONY: rehearse
rehearse: tools ## deploy, check and destroy STACK=dev without an account; KEEP=1: keep it; ADDONS="<examples>"
rehearse: stack-file example-addons live # before tools: make begins with the rule that has the recipe
	@bin/rehearsal -stack $(STACK) -pulumi bin/cli $(if $(KEEP),-keep) $(if $(LIVE),-live) \
		$(if $(ADDONS),-addons "$(ADDONS)")

.PHONY: drill
drill: tools ## rehearse failures and their recovery, all or NAME="<patterns>", and write docs/drills.md
drill: drill-names
	@bin/rehearsal -pulumi bin/cli -drill "$(or $(NAME),*)"

.PHONY: settings-table
settings-table: tools ## change settings of a running stack, all or NAME=<pattern>: docs/changing-settings.md
settings-table: setting-names
	@bin/rehearsal -pulumi bin/cli -settings "$(or $(NAME),*)"

.PHONY: bench
bench: tools ## measure builds, previews, and plans of Terraform, on a quiet machine: docs/performance.md
	@bin/rehearsal -pulumi bin/cli -bench

.PHONY: upgrade-from
upgrade-from: ## rehearse the upgrade of STACK=dev from the last release to this commit; FROM=<commit>
	@ci/upgrade-from "$(STACK)" $(FROM)

.PHONY: release
release: ## commit and tag VERSION=x.y.z, with the changelog's entries
	@ci/release "$(VERSION)"

.PHONY: env
env: ## write the stack file of a new environment: NAME=qa, PROFILE=dev or prod
	@test -n "$(NAME)" || { echo "NAME=: allowed: the name of a stack; fix: make env NAME=qa" >&2; exit 2; }
	@go run ./stack/cmd/env -name "$(NAME)" $(if $(PROFILE),-profile "$(PROFILE)")

export CHARTS_DIR
.PHONY: charts
charts: ## fetch and verify the pinned Helm charts, into .charts or CHARTS_DIR=<directory>; enter missing digests
	@go run ./charts/cmd/charts "$(or $(CHARTS_DIR),.charts)" .

.PHONY: proof
proof: ## lint the chart values against the published charts, and print which archives were used
	@bash -o pipefail -c "go -C test test -vet=off -count=1 -v \
		-run 'TestPublishedCharts|TestChartsKeepTheirContracts|TestDevLeaves' \
		./fakecharts ./chartlint | grep -vE '^ *(=== RUN|--- PASS: .*/)'"

.PHONY: rendered
rendered: ## write the requests and volumes of the charts to values/rendered.yaml, and update the docs
	go -C test test -vet=off ./chartlint -count=1 -run 'RenderedFile' -update
	go test ./stack -count=1 -run 'InvalidSettings|Cost' -update

.PHONY: upgrade
upgrade: chart tools ## diff an upgrade of CHART=falco: VERSION=x.y.z, or ARCHIVE=file without internet
	@bin/rehearsal -upgrade "$(CHART)" -version "$(VERSION)" -archive "$(ARCHIVE)"

.PHONY: packages
packages: test/monitoring/node_modules # what tests take from npm

test/monitoring/node_modules: test/monitoring/package-lock.json
	@if ! command -v npm >/dev/null; then echo "npm is not installed: LogQL is not read by its grammar"; \
	elif npm ci --prefix test/monitoring --loglevel error --no-audit --no-fund; then touch $@; \
	else echo "npm ci failed: LogQL is not read by its grammar"; fi

.PHONY: manifests
manifests: stack-file ## render what STACK=dev puts into its cluster to build/manifests/dev or OUT=<directory>
	@go -C test run ./cmd/manifests -root "$(CURDIR)" -stack "$(STACK)" \
		-out "$(abspath $(or $(OUT),build/manifests/$(STACK)))"

.PHONY: gitops
gitops: stack-file ## render what Flux or Argo CD may apply of STACK=dev to build/gitops/dev or OUT=<directory>
	@go -C test run ./cmd/manifests -applicable -root "$(CURDIR)" -stack "$(STACK)" \
		-out "$(abspath $(or $(OUT),build/gitops/$(STACK)))"

BASE ?= origin/main

.PHONY: preview
preview: stack-file pulumi-cli ## run pulumi preview for STACK=<stack>, secrets masked
	@ci/preview "$(STACK)"

.PHONY: preview-rehearsed
preview-rehearsed: kept-rehearsal tools ## preview this program on a rehearsal of another commit; AT=<its file>
	@mkdir -p build/preview/$(STACK)
	@bash -o pipefail -c 'bin/rehearsal -attach "$(AT)" -pulumi bin/cli | tee build/preview/$(STACK)/pulumi.txt'

.PHONY: preview-comment
preview-comment: stack-file ## write a pull request's comment on STACK=dev against BASE=origin/main; PULUMI=<file>
	@ci/compare "$(STACK)" "$(BASE)"
	@go -C test run ./cmd/comment -stack "$(STACK)" \
		-base "$(CURDIR)/build/preview/$(STACK)/base" -head "$(CURDIR)/build/preview/$(STACK)/head" \
		$(if $(PULUMI),-pulumi "$(abspath $(PULUMI))") >build/preview/$(STACK)/comment.md
	@echo build/preview/$(STACK)/comment.md

.PHONY: drift
drift: stack-file pulumi-cli ## detect drift of STACK=<stack>: resources, state, program, objects of Helm releases
	@ci/drift "$(STACK)"

.PHONY: release-drift
release-drift: ## compare the objects of Helm releases with what Helm rendered, in the cluster of KUBECONFIG=<file>
	@go -C test build -o ../bin/drift ./cmd/drift
	@bin/drift -kubeconfig "$(KUBECONFIG)"

.PHONY: audit
audit: ## list resources of the DigitalOcean account that belong to no stack, and their price; read-only
	@go -C test build -o ../bin/audit ./cmd/audit
	@bin/audit

.PHONY: lint-workflows
lint: lint-workflows
lint-workflows: ## check the workflows with actionlint
	go -C tools tool actionlint

export VULNDB
.PHONY: vulnerabilities
vulnerabilities: ## look for known vulnerabilities in the code we call; VULNDB=<clone of golang/vulndb> offline
	@ci/vulnerabilities

.PHONY: sbom
sbom: ## write an SBOM of each Go module to build/sbom
	@ci/sbom

.PHONY: evidence
evidence: stack-file ## write what an auditor asks for of STACK=<stack> to build/evidence/<stack>.tar.gz
	@ci/evidence "$(STACK)"

.PHONY: test
test: tools packages programs ## run the tests, one rehearsal among them; make rehearsals runs the others
	go vet ./...
	go test -vet=off -ldflags "-s -w" ./...
	go -C examples/existing-cluster vet ./...
	go -C examples/existing-cluster test -vet=off -ldflags "-s -w" ./...
	go -C test vet ./...
	go -C test test -vet=off -short -ldflags "$$(test/ldflags)" ./monitoring/pipeline # by itself: it measures times
	REHEARSE_CLI=$(CURDIR)/bin/cli go -C test test -vet=off -short -ldflags "$$(test/ldflags)" ./...

.PHONY: rehearsals
rehearsals: tools ## run the tests that rehearse: stack files, day-2 operations, failures; SHARD=1/4 runs a part
	REHEARSE_CLI=$(CURDIR)/bin/cli REHEARSE_SHARD=$(SHARD) go -C test test -vet=off -timeout 60m \
		-ldflags "$$(test/ldflags)" ./rehearse ./drill ./changes ./state

.PHONY: programs
programs: ## build the programs of the pipeline that tests run, if they are not on PATH: some five minutes, once
	@go -C test run ./monitoring/cmd/pipeline -programs

.PHONY: pipeline
pipeline: ## run the real programs from Falco's events to notifications, on this machine; the first run builds them
	@go -C test run ./monitoring/cmd/pipeline

.PHONY: lint
lint: ## run golangci-lint over all modules
	go -C tools build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@for module in $$(ci/modules | grep -v '^tools'); do \
		echo "golangci-lint $$module"; (cd "$$module" && "$(CURDIR)/bin/golangci-lint" run --timeout 10m ./...) || exit; \
	done

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
VERDICTS = $(if $(FALCO),-verdicts rules/lint/testdata/verdicts)

.PHONY: rules
rules: ## lint and test the Falco rules, with USER_RULES=<directory> yours; FALCO=<command> asks a real Falco
	go build -o bin/falcotest ./rules/cmd/falcotest
	bin/falcotest $(STOCK_RULES) -clauses $(ENGINE) $(VERDICTS) rules
	bin/falcotest -ruleset incubating $(INCUBATING_RULES) -clauses $(ENGINE) -with rules rules/incubating
	bin/falcotest -ruleset sandbox $(SANDBOX_RULES) -clauses $(ENGINE) -with rules -with rules/incubating rules/sandbox
	$(if $(USER_RULES),bin/falcotest $(STOCK_RULES) $(ENGINE) -with rules "$(USER_RULES)")

export FUZZTIME
.PHONY: fuzz
fuzz: ## fuzz the rules linter, and the parsers that settings end in, for FUZZTIME=30s each
	@ci/fuzz rules/lint FuzzParse
	@ci/fuzz rules/lint FuzzLoad
	@ci/fuzz stack FuzzSettings
	@ci/fuzz test/identity FuzzExposure
	@ci/fuzz test/monitoring FuzzAlerting
	@ci/fuzz test/monitoring FuzzAlertRules
	@ci/fuzz test/program FuzzAdmission

.PHONY: detect
detect: stack-file pulumi-cli ## start a virtual cluster and other suspects on STACK=<stack>, and wait for the alerts
	go run ./rules/cmd/detect -stack "$(STACK)"
