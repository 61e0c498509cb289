package crashlab_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// tally adds up a run.
type tally struct {
	kills, editions, mails, lost, doubled, most, held int
}

// TestKill kills the program with -9 at random moments of editions to 2,000
// readers and starts it again (rule D2): every reader has the mail, at
// most the mails then in flight come twice, with the same bytes, and the ledger
// lists them. In one edition of five Postgres ends with the program.
func TestKill(t *testing.T) {
	t.Parallel()
	const readers = 2000
	dice := newDice(t)
	l := newLab(t, dataDir(t), "", readers)
	wanted := sized(10, 500)
	if n, err := strconv.Atoi(os.Getenv("VISTKA_CRASH_KILLS")); err == nil {
		wanted = n
	}
	n := l.node(l.config.DataDir)
	var sum tally
	for sum.kills < wanted && !t.Failed() {
		k := killing{lab: l, node: n, dice: dice, readers: readers, owns: sum.editions%5 == 1, early: long() && sum.editions%10 == 3}
		k.run(min(wanted-sum.kills, 5+dice.IntN(6)), &sum)
		t.Logf("edition %d: %d kills, %d mails, lost %d, doubled %d (at most %d at one kill), held %d",
			sum.editions, sum.kills, sum.mails, sum.lost, sum.doubled, sum.most, sum.held)
	}
	t.Logf("\nkills     %d\neditions  %d, to %d readers on %d connections\nmails     %d\nlost      %d\ndoubled   %d, at most %d at one kill\nheld      %d",
		sum.kills, sum.editions, readers, connections, sum.mails, sum.lost, sum.doubled, sum.most, sum.held)
}

// killing sends one edition through a number of kills.
type killing struct {
	*lab
	node    *node
	dice    *rand.Rand
	readers int
	owns    bool // the node runs Postgres, which ends with it
	early   bool // the first kill comes at any moment since the article is there

	edition int64
	flights [][]string // at each kill, who was being mailed
}

func (k *killing) run(kills int, sum *tally) {
	k.t.Helper()
	k.newRelay()
	k.begin()
	if !k.owns {
		until(k.t, "the service is ready", k.node.ready)
	}
	news := k.publish(k.node)
	if k.early {
		pass(time.Duration(k.dice.Int64N(int64(4 * time.Second))))
		k.node.kill()
		k.look()
		k.begin()
	}
	k.edition = news()
	for left := kills; left > 0 && k.relay.Journal.Len() < k.readers-100; left-- {
		k.await(left)
		k.node.kill()
		k.look()
		k.begin()
	}
	f := k.reconcile(k.edition, k.readers)
	until(k.t, "the service is ready", k.node.ready)
	k.node.stop()
	if k.owns {
		k.close()
		k.open()
	}
	k.add(f, sum)
}

// begin starts the service, the first time and after a kill.
func (k *killing) begin() {
	k.t.Helper()
	if !k.owns {
		k.node.spawn()
		return
	}
	k.close()
	k.node.start()
	k.open()
}

// await lets the service work until the moment of the next kill.
func (k *killing) await(left int) {
	k.t.Helper()
	if len(k.flights) > 0 && k.dice.IntN(5) == 0 { // any moment since the start: opening, taking the relay over, sending
		pass(time.Duration(k.dice.Int64N(int64(400 * time.Millisecond))))
		return
	}
	before := k.relay.Journal.Len()
	k.accepted(before + 1 + k.dice.IntN((k.readers-before)/(left+1)))
	pass(time.Duration(k.dice.Int64N(int64(3 * time.Millisecond)))) // each of the other mails is somewhere else by then
}

// look asks the ledger what the kill left under way.
func (k *killing) look() {
	k.t.Helper()
	if k.owns { // the server ended with the process: the desk starts it to look
		k.close()
		k.open()
	}
	flight := k.inFlight()
	if len(flight) > connections {
		k.t.Errorf("%d mails in flight on %d connections", len(flight), connections)
	}
	k.flights = append(k.flights, flight)
}

// add counts what came twice, which must have been in flight at some kill.
func (k *killing) add(f finding, sum *tally) {
	k.t.Helper()
	for _, flight := range k.flights {
		doubled := 0
		for _, address := range flight {
			if slices.Contains(f.Twice, address) {
				doubled++
			}
		}
		sum.most = max(sum.most, doubled)
	}
	for _, address := range f.Twice {
		if !slices.ContainsFunc(k.flights, func(flight []string) bool { return slices.Contains(flight, address) }) {
			k.t.Errorf("%s got the mail twice though it was in flight at no kill", address)
		}
	}
	sum.editions++
	sum.kills += len(k.flights)
	sum.mails += f.Mails
	sum.lost += f.Lost
	sum.doubled += f.Mails - k.readers + f.Lost
	sum.held += f.Held
}

// pass lets time go by where the moment itself is what is tried.
func pass(d time.Duration) { <-time.After(d) }
