// Package identity tests the login in front of falcosidekick-ui: the real oauth2-proxy, with the flags the program
// gives it, before an identity provider and in front of a web server in place of the UI.
package identity
