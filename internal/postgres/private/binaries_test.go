package private

import (
	"errors"
	"strings"
	"testing"
)

func TestInstallCommandFitsTheSystem(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		goos, release string
		major         int
		want          string
	}{
		{"linux", "ID=debian\n", 0, "sudo apt-get install postgresql"},
		{"linux", "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", 15, "sudo apt-get install postgresql-15"},
		{"linux", "ID=fedora\n", 0, "sudo dnf install postgresql-server"},
		{"linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", 16, "sudo dnf install postgresql16-server"},
		{"linux", "ID=alpine\n", 0, "sudo apk add postgresql17"},
		{"linux", "", 0, "sudo apt-get install postgresql"},
		{"darwin", "", 0, "brew install postgresql@17"},
		{"darwin", "", 15, "brew install postgresql@15"},
	} {
		if got := installCommandOn(tc.goos, tc.release, tc.major); got != tc.want {
			t.Errorf("%s %q %d: %q, want %q", tc.goos, tc.release, tc.major, got, tc.want)
		}
	}
}

func TestFindBinariesOfAnAbsentMajor(t *testing.T) {
	t.Parallel()
	_, err := FindBinaries(99)
	if !errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), "install") {
		t.Errorf("error %v", err)
	}
}
