package mailer

// buttonView and itemView are what the templates shared by both kinds of mail see.
type buttonView struct {
	Look       look
	URL, Label string
}

type itemView struct {
	Look look
	A    articleView
}

// LeadButton leads to the first article.
func (v editionView) LeadButton() buttonView {
	return buttonView{Look: v.Look, URL: v.Lead.URL, Label: v.Lead.Button}
}

// Items are the articles of a group.
func (g groupView) Items() []itemView { return items(g.look, g.Articles) }

// NoticeButton is the one act that a notice asks for.
func (v noticeView) NoticeButton() buttonView {
	return buttonView{Look: v.Look, URL: v.ButtonURL, Label: v.Button}
}

// Items are the articles that a welcome shows.
func (v noticeView) Items() []itemView { return items(v.Look, v.Articles) }

func items(l look, articles []articleView) []itemView {
	out := make([]itemView, len(articles))
	for i, a := range articles {
		out[i] = itemView{Look: l, A: a}
	}
	return out
}
