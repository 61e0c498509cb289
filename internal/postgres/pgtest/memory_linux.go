package pgtest

import "syscall"

// memory is where Linux keeps files in memory.
const memory = "/dev/shm"

// roomInMemory says whether clusters fit there. Containers often give it 64 MB.
func roomInMemory() bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(memory, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= 2<<30
}
