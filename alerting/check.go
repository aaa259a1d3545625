package alerting

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/prometheus/common/model"

	"doks-security/stack/field"
)

// checker finds what Alertmanager or prometheus-operator would refuse of a fragment.
type checker struct{ errs *field.Errors }

func (c checker) refuse(path string, value any, allowed, fix string) {
	if text, ok := value.(string); ok && text != "" {
		value = json.Number(strconv.Quote(text))
	}
	c.errs.Add(path, value, allowed, fix)
}

// hidden refuses a value that may be a secret: a misspelled key may hold one.
func (c checker) hidden(path, allowed, fix string) { c.errs.Add(path, field.Hidden, allowed, fix) }

// value checks a value of one of Alertmanager's types.
func (c checker) value(path, kind string, value any) {
	if element, ok := strings.CutPrefix(kind, listOf); ok {
		list, ok := value.([]any)
		if !ok {
			c.hidden(path, "a list", "write a list")
			return
		}
		for i, v := range list {
			c.value(fmt.Sprintf("%s[%d]", path, i), element, v)
		}
		return
	}
	if element, ok := strings.CutPrefix(kind, mapOf); ok {
		object, ok := value.(map[string]any)
		if !ok {
			c.hidden(path, "an object", "write keys and values")
			return
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			c.text(path+"."+key, key)
			c.value(path+"."+key, element, object[key])
		}
		return
	}
	if _, ok := original.Types[kind]; ok {
		object, ok := value.(map[string]any)
		if !ok {
			c.hidden(path, "an object", "write its fields: "+strings.Join(allowedKeys(kind), ", "))
			return
		}
		c.object(path, kind, object)
		return
	}
	c.scalar(path, kind, value)
}

// object checks the fields of one of Alertmanager's types, and what it wants of several.
func (c checker) object(path, kind string, object map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		declared, known := original.Types[kind][key]
		switch {
		case known && isFile(key):
			c.hidden(path+"."+key, "no file: Alertmanager's pod has no such file",
				"set the value itself, and encrypt it if it is a secret: "+strings.TrimSuffix(key, "_file"))
		case known:
			c.value(path+"."+key, declared, object[key])
		default:
			c.hidden(path+"."+key, "one of "+strings.Join(allowedKeys(kind), ", "),
				"remove it, or correct its spelling; fields that prometheus-operator does not know are refused, too")
		}
	}
	c.constraints(path, kind, object)
}

// scalar checks a single value.
func (c checker) scalar(path, kind string, value any) {
	text, isString := value.(string)
	switch kind {
	case "any":
		c.any(path, value)
		return
	case "boolean":
		if _, ok := value.(bool); !ok {
			c.hidden(path, "true or false", "write true or false, without quotes")
		}
		return
	case "integer", "count":
		if number, ok := value.(int64); !ok || kind == "count" && (number < 0 || number > math.MaxInt32) {
			c.hidden(path, map[string]string{"integer": "an integer", "count": "a number from 0"}[kind],
				"write a number, without quotes")
		}
		return
	case "matchers":
		c.matchers(path, value)
		return
	case "timeInterval":
		c.timeInterval(path, value)
		return
	}
	if !isString {
		c.hidden(path, "a string", "put it in quotes")
		return
	}
	switch kind {
	case "secret":
		if text == "" || strings.TrimSpace(text) != text || strings.ContainsFunc(text, unicode.IsControl) || !isText(text) {
			c.hidden(path, "a secret without a line break, a control character, $(NAME) or space around it",
				field.EncryptCommand(path))
		} else if err := parse(text); err != nil {
			c.hidden(path, "no template: Alertmanager reads {{ as the start of one", field.EncryptCommand(path))
		}
	case "secretURL", "url":
		if !isAddress(text) {
			fix := "correct it"
			if kind == "secretURL" {
				fix = field.EncryptCommand(path)
			}
			c.hidden(path, "a URL that starts with https://, or with http:// to a Service: name.namespace.svc", fix)
		}
	case "hostPort":
		if !field.IsHostPort(text) {
			c.refuse(path, text, "a host name or IP address, and a port from 1 to 65535", "correct it")
		}
	case "duration":
		// prometheus-operator writes it again, with days.
		period, err := model.ParseDuration(text)
		if _, again := time.ParseDuration(period.String()); err != nil || again != nil {
			c.refuse(path, text, "a duration below a day: 30s, 5m", "write a number and a unit")
		}
	case "period":
		if _, err := model.ParseDuration(text); err != nil {
			c.refuse(path, text, "a duration: 30s, 5m, 1h, 3d", "write a number and a unit")
		}
	case "tlsVersion":
		if versions := []string{"TLS10", "TLS11", "TLS12", "TLS13"}; !slices.Contains(versions, text) {
			c.refuse(path, text, strings.Join(versions, ", "), "choose one")
		}
	default:
		c.text(path, text)
	}
}

// any checks the strings in a value of any type.
func (c checker) any(path string, value any) {
	switch v := value.(type) {
	case string:
		c.text(path, v)
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.text(path+"."+key, key)
			c.any(path+"."+key, v[key])
		}
	case []any:
		for i, element := range v {
			c.any(fmt.Sprintf("%s[%d]", path, i), element)
		}
	}
}

// text checks a string, which may be a template.
func (c checker) text(path, text string) {
	if !isText(text) {
		c.hidden(path,
			"no $(NAME), which prometheus-operator replaces by an environment variable, and no control character",
			"remove it")
		return
	}
	if err := parse(text); err != nil {
		c.hidden(path, "a template of Alertmanager, or no {{", "correct it: "+strings.Join(strings.Fields(err.Error()), " "))
	}
}

// parse reads a template with the functions of Alertmanager.
func parse(text string) error {
	functions := template.FuncMap{}
	for _, name := range original.Functions {
		functions[name] = fmt.Sprint
	}
	_, err := template.New("").Funcs(functions).Parse(text)
	return err
}

// isAddress reports whether a string is a URL that a secret may be sent to: with TLS, or inside the cluster.
func isAddress(text string) bool {
	if secure, ok := strings.CutPrefix(text, "http://"); ok {
		u, valid := field.ParseURL("https://" + secure)
		return valid && strings.Contains(u.Hostname()+".", ".svc.")
	}
	_, ok := field.ParseURL(text)
	return ok
}

// hasCredentials reports whether a string is a URL with a login or a key in it.
func hasCredentials(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && field.HasCredentials(u)
}
