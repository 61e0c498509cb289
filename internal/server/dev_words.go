package server

import (
	"time"

	"vistka/internal/locale"
	"vistka/internal/mailer"
)

// devWords are what a newsroom and its readers wrote on the canned pages.
type devWords struct {
	Name, Description, Postal string
	Weekly, WeeklyDescription string // another newsletter
	Others                    []string
	Stories                   []devStory
	Research, Law             string // topics of more than one story
	Topics                    []string
	GoneTopic                 string
	Text, Heading, Quote      string // of the first story
	Points                    []string
	Correction                string
	Reader, NoPhone           string
	Subject, Complaint        string
}

type devStory struct{ Title, Summary, Topic, Author string }

// devWordsIn are those of the page's language; a newsroom of ours has two.
func devWordsIn(l *locale.Locale) devWords {
	if l.Code() == "uk" {
		return devUkrainian()
	}
	return devEnglish()
}

func devEnglish() devWords {
	return devWords{
		Name: "Media Watch", Description: "Who tells us the news, and who pays for it: our new research as it comes out.", Postal: "Media Watch, PO Box 12, 01001 Kyiv",
		Weekly: "Media Watch Weekly", WeeklyDescription: "What we found this week.", Others: []string{"Media Law", "Watch Digest"},
		Research: "Research", Law: "Law", Topics: []string{"Elections", "Law", "Research", "Television"}, GoneTopic: "Radio",
		Stories: []devStory{
			{"Who pays for the news we read", "We asked forty newsrooms where their money comes from. Eleven answered.", "Research", "the research desk"},
			{"Who owns the television channels", "The owners, their other companies, and what the channels do not mention.", "Law", ""},
			{"Five questions to ask of any poll before an election", "Sample, margin, client, wording, date, and why the last one matters most.", "", "the data desk"},
			{"Three questions to ask any headline", "", "Survey", ""},
			{"What a newsroom owes the people it quotes", "Forty newsrooms, one question, and the answers in full.", "Research", ""},
			{"Half of the corrections we asked for were made", "", "Law", ""},
			{"Who pays for local news", "", "Research", ""},
			{"A year of paid news, counted", "Twelve months, nine sites, and the labels that were missing.", "Law", ""},
			{"Two hundred labels that nobody could read", "", "Research", ""},
			{"The owners who wrote back", "", "Law", ""},
		},
		Text:    "The question was short: who paid for the last month? The answers ran from a page of figures to a single word.",
		Heading: "What they said", Points: []string{"seven named every donor;", "three named the largest;", "one sent a single word."},
		Quote:      "We would rather not say, and we would rather not say why.",
		Correction: "We named the wrong photographer. The picture was taken for the local paper.\n\nWe apologise to her and to our readers.",
		Reader:     "Olena", NoPhone: "call me", Subject: "A correction", Complaint: "The photo of 12 May shows another street.",
	}
}

func devUkrainian() devWords {
	return devWords{
		Name: "Медіаварта", Description: "Хто розповідає нам новини й хто за них платить: наші нові дослідження, щойно вони вийдуть.", Postal: "«Медіаварта», а/с 12, Київ, 01001",
		Weekly: "Тиждень із «Медіавартою»", WeeklyDescription: "Що ми з’ясували за тиждень.", Others: []string{"Право медіа", "Дайджест «Варти»"},
		Research: "Дослідження", Law: "Право", Topics: []string{"Вибори", "Дослідження", "Право", "Телебачення"}, GoneTopic: "Радіо",
		Stories: []devStory{
			{"Хто платить за новини, які ми читаємо", "Ми запитали сорок редакцій, звідки в них гроші. Відповіли одинадцять.", "Дослідження", "Відділ досліджень"},
			{"Хто володіє телеканалами", "Власники, їхні інші компанії та те, про що канали мовчать.", "Право", ""},
			{"П’ять запитань до будь-якого опитування перед виборами", "Вибірка, похибка, замовник, формулювання, дата — і чому останнє важить найбільше.", "", "Відділ даних"},
			{"Три запитання до будь-якого заголовка", "", "Огляд", ""},
			{"Що редакція винна людям, яких цитує", "Сорок редакцій, одне запитання й відповіді повністю.", "Дослідження", ""},
			{"Половину виправлень, про які ми просили, зроблено", "", "Право", ""},
			{"Хто платить за місцеві новини", "", "Дослідження", ""},
			{"Рік оплачених новин у цифрах", "Дванадцять місяців, дев’ять сайтів і позначки, яких бракувало.", "Право", ""},
			{"Двісті позначок, яких ніхто не зміг прочитати", "", "Дослідження", ""},
			{"Власники, які відповіли", "", "Право", ""},
		},
		Text:    "Запитання було коротке: хто заплатив за минулий місяць? Хтось надіслав сторінку цифр, а хтось — одне слово.",
		Heading: "Що вони сказали", Points: []string{"семеро назвали кожного донора;", "троє — найбільшого;", "один надіслав єдине слово."},
		Quote:      "Ми воліли б не казати. І не казати чому.",
		Correction: "Ми назвали не ту фотографку. Знімок зроблено для місцевої газети.\n\nПросимо вибачення в неї та в наших читачів.",
		Reader:     "Олена", NoPhone: "подзвоніть мені", Subject: "Виправлення", Complaint: "На фото від 12 травня інша вулиця.",
	}
}

// devArticles are as many as a short digest has; with an excerpt of the first.
func devArticles(l *locale.Locale) []mailer.Article { return devLongDigest(l)[:4] }

// devLongDigest is long enough to be set by topic: two topics, and what shares
// its topic with nobody.
func devLongDigest(l *locale.Locale) (all []mailer.Article) {
	w := devWordsIn(l)
	for i, s := range w.Stories {
		a := mailer.Article{Title: s.Title, URL: devArticle, Summary: s.Summary, Author: s.Author, PublishedAt: time.Date(2026, time.November, 22, 7, 0, 0, 0, time.UTC)}
		if s.Topic != "" {
			a.Topics = []string{s.Topic}
		}
		if i == 0 {
			a.ContentHTML = "<p>" + w.Text + "</p><h2>" + w.Heading + "</h2><ul>"
			for _, p := range w.Points {
				a.ContentHTML += "<li>" + p + "</li>"
			}
			a.ContentHTML += "</ul>"
		}
		all = append(all, a)
	}
	return all
}
