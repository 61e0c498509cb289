# Vistka: `make help` lists what there is to do.
.DEFAULT_GOAL := help
GO ?= go
BIN := bin/vistka
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help run build test race race-flags crash browser bench lint check golden clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## the demo, with templates read from disk
	$(GO) run ./cmd/vistka demo --dev

build: ## bin/vistka, stripped and reproducible
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/vistka

test: ## every test that needs nothing but Go and Postgres' binaries
	$(GO) test ./...

# Hashing a password shares nothing, and takes ten times as long when each read
# of its 32 MiB is watched. What vet says, lint has said. (No package that uses
# sync.Map or atomics may go unwatched: the linker may take its copy of those for
# the whole program, and races are seen where none are.)
RACE := -race -shuffle=on -vet=off -gcflags=golang.org/x/crypto/argon2=-race=false

race: ## the same in random order under the race detector
	$(GO) test $(RACE) ./...

race-flags:
	@echo '$(RACE)'

crash: ## 500 kills and everything else that goes wrong, at full size: a quarter of an hour
	VISTKA_CRASH=long $(GO) test -v -count=1 -timeout 90m ./internal/app/crashlab

browser: ## the walks through the pages in Chromium (a missing browser fails)
	VISTKA_BROWSER=require $(GO) test -run Browser ./internal/app/

bench: ## an edition to 100,000 readers beside smtp-source (docs/bench.md)
	$(GO) run ./cmd/vistka-bench send

lint: ## vet, staticcheck, gofumpt
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	@out=$$($(GO) tool -modfile=tools/go.mod gofumpt -l cmd internal migrations web); \
	if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi

check: ## what CI does
	CI=true bash .ci/run

golden: ## rewrite the expected mails after a change that was meant
	$(GO) test ./internal/mailer/ -update

clean: ## remove what was built
	rm -rf bin
