package guard

import (
	"os"
	"slices"
	"syscall"
)

// passing says whether the file's number may change with the next mount: FUSE,
// 9p, SMB and CIFS (statfs(2)), the first two of which also share a desktop's
// directories with containers.
func passing(f *os.File) bool {
	var fs syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &fs); err != nil {
		return true
	}
	return slices.Contains([]uint32{0x65735546, 0x01021997, 0xfe534d42, 0xff534d42}, uint32(fs.Type))
}
