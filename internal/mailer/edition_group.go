package mailer

import "strings"

// groupView is a heading and the articles below it.
type groupView struct {
	Heading  string
	Articles []articleView
	look     look
}

// groupFrom is how many articles below the lead are too many for one list.
const groupFrom = 8

// group sets a list by topic when it is long: each article goes to that of its
// topics which most articles of the list share, topics stand in the order of
// their newest article, and what shares its topic with nobody comes last, below
// the heading that a short list has alone. topics are those of the articles, in
// the same order.
func (v *editionView) group(articles []articleView, topics [][]string) {
	if len(articles) == 0 {
		return
	}
	shared := map[string]int{}
	if len(articles) >= groupFrom {
		for _, list := range topics {
			for _, t := range list {
				shared[topicKey(t)]++
			}
		}
	}
	chosen := make([]string, len(articles))
	chosenBy := map[string]int{}
	for i := range articles {
		chosen[i] = mostShared(topics[i], shared)
		chosenBy[topicKey(chosen[i])]++
	}
	rest := groupView{Heading: v.L.T("mail.also"), look: v.Look}
	place := map[string]int{}
	for i, a := range articles {
		key := topicKey(chosen[i])
		if key == "" || chosenBy[key] == 1 { // the others of its topic went elsewhere
			rest.Articles = append(rest.Articles, a)
			continue
		}
		at, known := place[key]
		if !known {
			at = len(v.Groups)
			place[key] = at
			v.Groups = append(v.Groups, groupView{Heading: shorten(cleanLine(chosen[i]), 60), look: v.Look})
		}
		a.Topic = "" // the heading says it
		v.Groups[at].Articles = append(v.Groups[at].Articles, a)
	}
	if len(rest.Articles) > 0 {
		v.Groups = append(v.Groups, rest)
	}
}

// mostShared is the topic of most articles, the first of several; "" if none is
// of more than one.
func mostShared(topics []string, shared map[string]int) string {
	best, most := "", 1
	for _, t := range topics {
		if n := shared[topicKey(t)]; n > most {
			best, most = t, n
		}
	}
	return best
}

// topicKey folds the case, in which a site's categories and tags often differ.
func topicKey(topic string) string { return strings.ToLower(cleanLine(topic)) }
