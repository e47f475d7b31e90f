# make run builds everything and starts it; make test proves it. Both install what they need.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
BIN := bin/zvonok
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
GO_SOURCES := $(shell git ls-files '*.go' '*.sql' '*.mp4' '*.m4s' 2>/dev/null)
WEB_SOURCES := $(shell git ls-files web 2>/dev/null | grep -v '^web/e2e/')

.PHONY: run build test unit lint fuzz bench audit tools clean web programs

## run: build client and binary, start everything, print one URL. make run ARGS=--demo makes a demo school.
run: build
	exec $(BIN) serve $(ARGS)

## build: bin/zvonok with the web client and the database's programs inside.
build: web programs
	CGO_ENABLED=0 go build -tags release -trimpath -ldflags "-s -w -X main.build=$(VERSION)" -o $(BIN) ./cmd/zvonok

web: web/dist/index.html

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	touch $@

## programs: PostgreSQL's own programs, packed for the binary.
programs:
	bash storage/catalog/programs.sh

## tools: what the tests need and a bare machine lacks (browsers and ffmpeg from the distribution).
tools: programs web/node_modules/.package-lock.json
	bash .ci/tools

## test: every suite. Ends with one line, N passed, N failed.
test: tools build
	bash .ci/suites

lint: tools web
	bash .ci/lint

## fuzz: every parser of outside bytes, FUZZTIME each.
FUZZTIME ?= 30s
fuzz: programs
	bash .ci/fuzz $(FUZZTIME)

## bench: a lecture of 50 through the forwarding path; figures stand in sfu/BENCHMARKS.md.
bench: build
	$(BIN) loadgen --lecture 50

## audit: known vulnerabilities; needs the vulnerability databases, so it is no part of CI.
audit:
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...
	cd web && npm audit --omit=dev

clean:
	rm -rf bin web/dist web/node_modules storage/catalog/programs
