package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"vistka/internal/account"
	"vistka/internal/app"
)

type accountCommand struct {
	Add  accountAddCommand  `cmd:"" help:"Add a person to the admin pages. The password is asked for, or read from standard input."`
	List accountListCommand `cmd:"" help:"List the people of the admin pages."`
}

type accountAddCommand struct {
	Address  string `required:"" help:"Email address to log in with."`
	Name     string `required:"" help:"Name shown to the others."`
	Role     string `default:"editor" enum:"owner,editor,viewer" help:"owner, editor or viewer."`
	Language string `default:"en" help:"Language of the pages: uk, en."`
}

// Run creates the account.
func (c accountAddCommand) Run(ctx context.Context, s *session) error {
	password, err := readPassword(s)
	if err != nil {
		return err
	}
	return s.attach(ctx, func(a *app.App) error {
		_, err := a.Accounts.Create(ctx, account.NewAccount{
			Address: c.Address, Name: c.Name, Password: password, Role: account.Role(c.Role), Locale: c.Language,
		})
		var complaints account.FieldErrors
		if errors.As(err, &complaints) {
			var lines []string
			for field, key := range complaints {
				lines = append(lines, field+": "+a.Catalog.For("en").T(key))
			}
			slices.Sort(lines)
			return errors.New(strings.Join(lines, "; "))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Added. Log in at %s/admin/\n", a.Config.BaseURL)
		return nil
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
			type person struct{ Address, Name, Role string }
			people := make([]person, len(all))
			for i, p := range all {
				people[i] = person{p.Address, p.Name, string(p.Role)}
			}
			return printJSON(s.out, people)
		}
		rows := make([][]any, len(all))
		for i, p := range all {
			rows[i] = []any{p.Address, p.Name, p.Role}
		}
		return printTable(s.out, []any{"ADDRESS", "NAME", "ROLE"}, rows)
	})
}
