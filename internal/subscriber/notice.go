package subscriber

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// SignupArgs is the job by which an older version answered a sign-up. Its rows
// may still stand in the queue, and during an upgrade more come.
type SignupArgs struct {
	SignupID int64 `json:"signup_id"`
	Mail     bool  `json:"mail"` // false: the address has had its share of mails, nothing is sent
}

// Kind names the job in River's tables.
func (SignupArgs) Kind() string { return "signup" }

type signupWorker struct {
	river.WorkerDefaults[SignupArgs]
	service *Service
}

// Work hands the sign-up to RunAnswers.
func (w *signupWorker) Work(ctx context.Context, job *river.Job[SignupArgs]) error {
	if !job.Args.Mail {
		return nil
	}
	_, err := w.service.DB.Exec(ctx, oweMail, pgx.StrictNamedArgs{"id": job.Args.SignupID, "now": w.service.Clock.Now()})
	return err
}
