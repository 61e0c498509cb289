package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"vistka/internal/account"
	"vistka/internal/app"
)

type accountCommand struct {
	Add      accountAddCommand      `cmd:"" help:"Add a person to the admin pages. The password is asked for, or read from standard input."`
	List     accountListCommand     `cmd:"" help:"List the people of the admin pages."`
	Password accountPasswordCommand `cmd:"" help:"Set a new password and end the person's sessions. It is asked for, or read from standard input."`
	Hotline  accountHotlineCommand  `cmd:"" help:"Let a person read the hotline's requests, or no longer. The first account has that right; no role brings it."`
	Disable  accountDisableCommand  `cmd:"" help:"End a person's access to the admin pages, at once and for good. What they did stays in the trail."`
}

type accountAddCommand struct {
	Address  string `required:"" help:"Email address to log in with."`
	Name     string `required:"" help:"Name shown to the others."`
	Role     string `default:"editor" enum:"owner,editor,viewer" help:"owner, editor or viewer."`
	Language string `default:"en" help:"Language of the pages: uk, en."`
	Hotline  bool   `help:"May read the hotline's requests."`
	JSON     bool   `name:"json" help:"As JSON."`
}

// person is an account as it is printed: without the password's hash.
type person struct {
	ID         int64      `json:"id"`
	Address    string     `json:"address"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Hotline    bool       `json:"hotline"`
	DisabledAt *time.Time `json:"disabled_at"`
}

func personOf(a account.Account) person {
	return person{a.ID, a.Address, a.Name, string(a.Role), a.Hotline, a.DisabledAt}
}

// Run creates the account.
func (c accountAddCommand) Run(ctx context.Context, s *session) error {
	password, err := readPassword(s)
	if err != nil {
		return err
	}
	return s.attach(ctx, func(a *app.App) error {
		if err := knownLanguage(a, c.Language); err != nil {
			return err
		}
		added, err := a.Accounts.Create(ctx, account.NewAccount{
			Address: c.Address, Name: c.Name, Password: password, Role: account.Role(c.Role), Locale: c.Language, Hotline: c.Hotline,
		})
		if err != nil {
			return accountError(a, err)
		}
		return s.say(c.JSON, personOf(added), "Added. Log in at %s/admin/\n", a.Config.BaseURL)
	})
}

// accountError puts what is wrong into words.
func accountError(a *app.App, err error) error {
	var complaints account.FieldErrors
	switch {
	case errors.As(err, &complaints):
		var lines []string
		for field, key := range complaints {
			lines = append(lines, field+": "+a.Catalog.For("en").T(key))
		}
		slices.Sort(lines)
		return errors.New(strings.Join(lines, "; "))
	case errors.Is(err, account.ErrNotFound):
		return fmt.Errorf("%w; vistka account list shows which there are", err)
	case errors.Is(err, account.ErrLastOwner):
		return errors.New("this is the last owner: add another first, with vistka account add --role owner")
	}
	return err
}

type accountPasswordCommand struct {
	Address string `arg:"" help:"Email address the person logs in with."`
	JSON    bool   `name:"json" help:"As JSON."`
}

// Run sets the password.
func (c accountPasswordCommand) Run(ctx context.Context, s *session) error {
	password, err := readPassword(s)
	if err != nil {
		return err
	}
	return s.actAccount(ctx, c.Address, c.JSON, "The password is set. Sessions begun with the old one are over.\n", func(a *app.App, id int64) error {
		return a.Accounts.SetPassword(ctx, id, password, 0)
	})
}

type accountHotlineCommand struct {
	Address string `arg:"" help:"Email address the person logs in with."`
	Right   string `arg:"" enum:"on,off" help:"on or off."`
	JSON    bool   `name:"json" help:"As JSON."`
}

// Run gives or takes the right.
func (c accountHotlineCommand) Run(ctx context.Context, s *session) error {
	words := "From now on this person sees the hotline's requests.\n"
	if c.Right == "off" {
		words = "From now on this person sees nothing of the hotline.\n"
	}
	return s.actAccount(ctx, c.Address, c.JSON, words, func(a *app.App, id int64) error {
		return a.Accounts.SetHotline(ctx, id, c.Right == "on", 0)
	})
}

type accountDisableCommand struct {
	Address string `arg:"" help:"Email address the person logs in with."`
	JSON    bool   `name:"json" help:"As JSON."`
}

// Run disables the account.
func (c accountDisableCommand) Run(ctx context.Context, s *session) error {
	return s.actAccount(ctx, c.Address, c.JSON, "Disabled. Log-ins are refused, and sessions are over.\n", func(a *app.App, id int64) error {
		return a.Accounts.Disable(ctx, id, 0)
	})
}

// actAccount does something to the account of an address and says how the
// account is now.
func (s *session) actAccount(ctx context.Context, address string, asJSON bool, words string, act func(a *app.App, id int64) error) error {
	return s.attach(ctx, func(a *app.App) error {
		who, err := a.Accounts.ByAddress(ctx, address)
		if err == nil {
			err = act(a, who.ID)
		}
		if err != nil {
			return accountError(a, err)
		}
		if who, err = a.Accounts.Get(ctx, who.ID); err != nil {
			return err
		}
		return s.say(asJSON, personOf(who), "%s", words)
	})
}

// readPassword never takes it from a flag: flags show in the list of processes.
func readPassword(s *session) (string, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		fmt.Fprintf(s.err, "Password (%d characters or more): ", account.MinPassword)
		raw, err := term.ReadPassword(fd)
		fmt.Fprintln(s.err)
		return string(raw), err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return "", errors.New("no password on standard input: pipe it in, or run this in a terminal")
	}
	return strings.TrimRight(line, "\r\n"), nil
}

type accountListCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run lists the accounts.
func (c accountListCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) error {
		all, err := a.Accounts.List(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			people := make([]person, len(all))
			for i, p := range all {
				people[i] = personOf(p)
			}
			return printJSON(s.out, people)
		}
		rows := make([][]any, len(all))
		for i, p := range all {
			state := "active"
			if p.DisabledAt != nil {
				state = "disabled"
			}
			hotline := "no"
			if p.Hotline {
				hotline = "yes"
			}
			rows[i] = []any{p.Address, p.Name, p.Role, hotline, state}
		}
		return printTable(s.out, []any{"ADDRESS", "NAME", "ROLE", "HOTLINE", "STATE"}, rows)
	})
}
