// Package evidence says which control of a framework is enforced, detected and proven by what, and packs what an
// auditor asks for into one archive. controls/*.yaml map the controls of one framework each: its numbers, and the
// project's own words. docs/compliance.md is written from them, and every test they name exists.
package evidence
