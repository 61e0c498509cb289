package app

import "testing"

func TestOneSenderADirectory(t *testing.T) {
	dir := t.TempDir()
	first, alone, err := lockSender(dir)
	if err != nil || !alone {
		t.Fatalf("alone %v, %v", alone, err)
	}
	second, alone, err := lockSender(dir)
	if err != nil || alone {
		t.Fatalf("the second is alone: %v, %v", alone, err)
	}
	second.Close()
	first.Close()
	third, alone, err := lockSender(dir)
	if err != nil || !alone {
		t.Fatalf("after the first ended: alone %v, %v", alone, err)
	}
	third.Close()
}
