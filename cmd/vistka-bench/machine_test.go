package main

import "testing"

func TestCPUModel(t *testing.T) {
	t.Parallel()
	if got := cpuModel("processor\t: 0\nmodel\t\t: 7\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: other\n"); got != "Some CPU @ 2.00GHz" {
		t.Errorf("%q", got)
	}
	if got := cpuModel("processor\t: 0\nBogoMIPS\t: 50\n"); got != "" {
		t.Errorf("%q", got)
	}
}
