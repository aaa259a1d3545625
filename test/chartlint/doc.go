// Package chartlint renders everything the program puts into a cluster and proves what our values claim about it: that
// every key exists in its chart, every name one object uses belongs to another, every monitor is scraped, every job
// that a rule reads is given by one, no alert fires always or never, every dashboard is seen, Falco's rules are ours,
// privileges are those reviewed, the nodes have room, and every object is valid. A check returns what is wrong, one
// error an error; it needs no cluster.
package chartlint
