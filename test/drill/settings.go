package drill

// Set sets a setting of the stack file to the first of two values, or to the second if it has the first.
func (r *Run) Set(setting, value, other string) {
	path := "--path 'doks-security:" + setting + "' "
	if now, err := r.run("pulumi config get " + path); err == nil && now == value+"\n" {
		value = other
	}
	r.Succeeds("pulumi config set " + path + value)
}

// ChangeLoki sets what changes the bucket and the release of Loki.
func (r *Run) ChangeLoki() { r.Set("logging.retention", "2d", "3d") }
