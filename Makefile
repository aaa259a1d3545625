# make help lists the targets.
export CGO_ENABLED = 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the program, as pulumi up runs it
	go build -o bin/doks-security .

.PHONY: test
test: ## run every test
	go vet ./...
	go test ./...
