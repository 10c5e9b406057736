"""What made-up papers say. `{who:form}` plants a person, `⟦kind|text⟧` marks what must stay.

`me` is the author; `p`, `q`, `r` are classmates, `t` is a teacher, `x` a private person who is on no roster, `c` an
author who is cited and has a classmate's family name.
"""

from __future__ import annotations


def _lines(block: str) -> list[str]:
    return block.strip().splitlines()


def _pieces(block: str) -> list[str]:
    """Pieces of several lines, with a line of two percent signs between them."""
    return [piece.strip("\n") for piece in block.split("\n%%\n")]


PEERS = _lines(r"""
The calibration was mostly done by {p:full} while I held the ruler.
In the forum, {p:first} argued that the sample was too small, and {q:first} replied with a counterexample.
My reading partner this term is {p:full}, who pointed out the irony on the last page.
Credit for the figure goes to {p:full}.
I borrowed the notes of {p:full} when I was ill.
Both {p:first} and {q:first} think the narrator lies.
{p:first}'s summary convinced me more than the article did.
We were four in our group: {p:full}, {q:full}, {r:full} and me.
After class {p:full} explained recursion to me again.
{p:full} found the bug in line 40 within a minute.
Speaking with {p:first_initial} helped me to narrow the topic.
I would like to respond to {p:full}'s claim about minimum wages.
The interview was transcribed by {p:initial_last} and checked by {q:initial_last}.
As {p:full} said during the seminar, nobody reads the terms of service.
Thank you {p:first} for proofreading this!
(I thank {p:full} for the photographs.)
It was {p:first} who first noticed the missing control group.
{p:full} disagreed with me about the ending, and so did {q:full}.
Group C ({p:last_first}; {q:last_first}) had the opposite result.
Together with {p:full} I visited the museum twice.
Peer feedback from {p:full}: the second paragraph is too long.
{p:first} and I met on Zoom to compare our drafts.
Special thanks to my lab partner {p:full}, without whom the pipette would have won.
The survey was sent out by {p:upper} and answered by thirty people.
I agree with what {p:full} posted on Tuesday.
We divided the reading: {p:first} took chapter one, {q:first} chapter two.
The version of {p:full} runs faster than mine.
If you ask {p:full}, the experiment was a success.
Hi {p:first}, I really liked how you opened your post.
@{p:first} I don't think that follows.
My draft was read by {p:lower} before i handed it in.
{p:last_first} (presenter), {q:last_first} (notes)
I was paired with {p:nbsp} for the peer review.
The slides were made by {p:linebreak} in one night.
I owe the idea of the metaphor to {p:full} and to {q:full}, my flatmates.
{p:full} (group leader), {q:full} (minutes) and {r:full} met every Friday.
When I showed the poem to {p:first}, she laughed.
What {p:first} calls laziness, I would call fear.
- {p:full}: introduction, {q:full}: method, {me:full}: results
* {p:first} – slides
1) {p:full} 2) {q:full} 3) {r:full}
Danke an {p:full} für die Hilfe beim Korrigieren.
Gracias a {p:full} por revisar mi ensayo, y a {q:full} por las fotos.
Merci à {p:full} de m'avoir prêté son livre.
Obrigado a {p:full} pela ajuda.
Ich habe mit {p:full} zusammen gearbeitet, {q:full} war krank.
Rozmawiałem o tym z {p:full}.
Co-authored-by: {p:full} <{p:email}>
In our breakout room, {p:full} played the judge and {q:full} the accused.
It struck me that {p:full} had the same problem with the oven.
I tested the prototype on {p:full}, {q:full} and two friends.
{p:first}, {q:first}, and I took turns reading aloud.
I sat next to {p:full} at the concert.
Interviewer: {me:full} / Interviewee: {p:full}
The photo shows {p:full} holding the beaker (left) and {q:full} (right).
My thanks are due to {p:full}, who never gets tired of commas.
According to my classmate {p:full}, the bus was late.
Another student, {p:full}, had the opposite experience.
Like {p:full}, I grew up near the sea.
cc: {p:full}; {q:full}
{p:full}'s and {q:full}'s results differ by two percent.
We (that is, {p:full} and I) repeated the titration.
\author{{p:full} \and {q:full}}
<meta name="author" content="{p:full}">
__author__ = "{p:full}"
"author": "{p:full}",
print("Hello, {p:first}!")
% solution by {p:full}
Reviewed by: {p:full}
Reviewer 2 ({p:full}) asked for more data.
Hello everyone, my name is {me:full} and I am a second-year student.
I'm {me:first}, by the way.
Written by {me:full} for the course on soil.
""")

VARIANTS = _lines("""
I asked {p:nickname} whether the data could be shared.
{p:nickname} thinks we should have used a t-test.
Thanks, {p:nickname}, for the coffee and the comments.
My partner was {p:typo}, as you can see from the sheet.
The introduction was written by {p:nodiac} and me.
As {p:bent} I spent the whole week in the library.
See {p:file} for the raw data.
The repository has a folder called {p:joined}.
The poster of {p:translit} hangs in the hall.
I worked with {p:translit} on the proofs.
We used the script of {p:typo} to clean the data.
Everybody calls {p:full} by another name, {p:nickname}.
{p:nickname} and I were late.
I met {p:nickname} at the library.
Dear {p:nickname}, thank you.
On the label it says {p:typo}, which is wrong.
With {p:bent} we built a bridge of spaghetti.
I talked to {p:translit} about the essay.
Images: {p:file}
class {p:joined}_test:
""")

TEACHING = _lines("""
I am grateful to {t:title_last} for extending the deadline.
As {t:title_full} explained in the second lecture, the model assumes rational agents.
{t:title_last} asked us to keep a diary for two weeks.
In {t:last}'s seminar we looked at three of these poems.
This essay was written for {t:title_full}.
I emailed {t:full} about the missing page.
Instructor: {t:title_full}
Course taught by {t:full}
Dear {t:title_last},
{t:title_last}'s slides define it differently.
Following the advice of {t:title_last}, I cut the second part.
TA: {t:full}
To: {t:full}
""")

PRIVATE_PEOPLE = _lines("""
My cousin {x:full} runs a bakery, and I watched how she sets prices.
I interviewed my grandfather, {x:full}, about the strike.
Our neighbour {x:full} lent us the thermometer.
My boss, {x:full}, told me to smile more.
My best friend, {x:full}, moved away in spring.
My aunt {x:full} taught me to knit.
I talked to my landlord {x:full} about the mould.
""")

DETAILS = _lines(r"""
You can reach me at {me:email} if the file is broken.
My student number is {me:id}.
Student ID {me:id}.
Questions go to {p:email}, please.
I live at {me:address} and the noise there gave me the idea.
Call me on {me:phone} if the upload failed.
I was born on {me:birth}, so I do not remember any of this.
The code is at https://github.com/{me:url}/paper.
More of this on https://{me:blog}.wordpress.com/about.
My Discord is {me:handle} if anybody wants to talk.
Output is written to /home/{me:user}/results/run1.csv.
Email: {me:email}
E-mail me ({me:email}) or text {me:phone}.
Matriculation number: {me:id}
ID: {me:id}
Tel. {me:phone}
Address: {me:address}
DOB: {me:birth}
Date of birth {me:birth}
github.com/{me:url}/thesis
Follow me on Instagram: @{me:handle}
C:\Users\{me:user}\Documents\draft.docx
username: {me:user}
mailto:{p:email}
""")

TRAPS = _lines("""
⟦common_word|Rose⟧ petals were boiled for ten minutes, and the colour ⟦common_word|rose⟧ to the top.
A ⟦common_word|field⟧ of wheat needs more water than a ⟦common_word|marsh⟧.
⟦common_word|Rivers⟧ carry sediment; ⟦common_word|banks⟧ erode first.
⟦common_word|Banks⟧ lend what they do not have.
⟦common_word|Hope⟧ is not a strategy, as the saying goes.
In ⟦common_word|June⟧ the river froze, and in ⟦common_word|May⟧ it flooded.
⟦common_word|Summer⟧ is the season in which the ⟦common_word|lake⟧ turns green.
The ⟦common_word|Stone⟧ Age ended for no lack of stones.
⟦common_word|Will⟧ this change? Nobody knows.
On the next ⟦common_word|page⟧ the author draws a ⟦common_word|long⟧ line.
⟦common_word|Mark⟧ the place where the string touches the ring.
⟦common_word|Major⟧ revisions were made in the ⟦common_word|winter⟧ of that year.
⟦common_word|Joy⟧ and ⟦common_word|faith⟧ are the two themes of the novel.
They walked through the ⟦common_word|woods⟧ at ⟦common_word|dawn⟧.
⟦common_word|Dean⟧ of the faculty is an elected office.
He was ⟦common_word|rich⟧ and had a ⟦common_word|stern⟧ voice.
The ⟦common_word|swift⟧ is a bird that sleeps in the air.
⟦common_word|Amber⟧ forms from resin; ⟦common_word|iris⟧ and ⟦common_word|jasmine⟧ do not.
⟦historical|Florence Nightingale⟧ kept better statistics than the army.
⟦historical|Charles Darwin⟧ delayed his book for twenty years.
⟦historical|Isaac Newton⟧ and ⟦historical|Robert Hooke⟧ quarrelled about priority.
⟦historical|Benjamin Franklin⟧ flew a kite, or said so.
⟦historical|Queen Victoria⟧ wore black for forty years.
⟦historical|Marie Curie⟧ carried radium in her pocket.
⟦historical|Max Planck⟧ did not believe in his own constant.
⟦historical|Nelson Mandela⟧ was released in 1990.
⟦historical|Jordan Peterson⟧ and ⟦historical|Daniel Kahneman⟧ could hardly be less alike.
⟦historical|Rosalind Franklin⟧ took the photograph.
⟦historical|Emma Goldman⟧ was deported in 1919.
⟦character|Emma Bovary⟧ dies slowly, ⟦character|Dorian Gray⟧ at once.
⟦character|Daniel Deronda⟧ is a long book.
⟦place|Victoria⟧ is the capital of British Columbia.
She flew to ⟦place|Sydney⟧ by way of ⟦place|Florence⟧.
The study was carried out in ⟦place|Austin⟧, Texas.
The river ⟦place|Jordan⟧ is smaller than one thinks.
⟦eponym|Newton's third law⟧ explains the recoil.
The data follow a ⟦eponym|Bell curve⟧, roughly.
⟦eponym|Hooke's law⟧ holds up to the yield point.
⟦eponym|Planck's constant⟧ has the unit of action.
The ⟦eponym|Park test⟧ showed no heteroscedasticity.
The ⟦eponym|Li–Yorke theorem⟧ has a short proof.
The ⟦eponym|Wu method⟧ is used for geometry.
The ratio was ⟦number|0.4821⟧ (n = ⟦number|1284⟧, p < ⟦number|.05⟧).
It cost ⟦number|1,250,000⟧ euros between ⟦date|12 March 1998⟧ and ⟦date|3 May 2001⟧.
ISBN ⟦number|978-3-16-148410-0⟧ is only an example.
See pages ⟦number|112–145⟧ and version ⟦number|3.11.4⟧ of the manual.
The doi is ⟦url|https://doi.org/10.1000/182⟧.
See ⟦url|https://en.wikipedia.org/wiki/Charles_Darwin⟧ for dates.
I am ⟦common_word|so⟧ tired of this, and yet I go ⟦common_word|on⟧.
We ⟦common_word|may⟧ never know, but we ⟦common_word|will⟧ ask.
The ⟦common_word|ma⟧n at the gate asked for an ID.
⟦historical|Harriet Tubman⟧ led people north at night.
⟦historical|Frederick Douglass⟧ taught himself to read.
The stories of ⟦historical|Katherine Mansfield⟧ end too early.
⟦historical|Nathaniel Hawthorne⟧ burned his first novel.
⟦historical|Gwendolyn Brooks⟧ wrote about a street in Chicago.
⟦historical|Josephine Baker⟧ was a spy.
⟦historical|Saint Dominic⟧ founded an order.
I watched The Curious Case of ⟦character|Benjamin Button⟧ twice.
⟦historical|Theodora⟧, empress of Byzantium, had been a dancer.
⟦historical|King Charles⟧ lost his head in 1649.
⟦historical|Charles I⟧ was not popular.
⟦historical|Pope Victor II⟧ reigned for two years.
Was ⟦historical|Nathaniel Bacon⟧ a rebel?
⟦place|Lake Victoria⟧ is shrinking.
⟦place|Nelson⟧, New Zealand, has a cathedral.
Dinner in ⟦place|Florence⟧ costs more than in ⟦place|Austin⟧.
The treaty was signed at ⟦place|Sydney⟧ harbour.
People in ⟦place|Jordan⟧ drink tea.
⟦place|Marsh Lane⟧ is flooded every year.
⟦eponym|Bell Labs⟧ invented the transistor.
The ⟦eponym|Casimir effect⟧ is tiny.
⟦eponym|Franklin County⟧ voted for the measure.
We solved it with ⟦eponym|Newton's method⟧.
The ⟦eponym|Adeyemi Commission⟧ reported in 1977.
In ⟦eponym|Crowe v. Ashby⟧ the court disagreed.
The ⟦eponym|Drummond report⟧ was never published.
As ⟦cite|Whitlock⟧ (2004) and ⟦cite|Farrant⟧ (2006) have shown, sleep matters.
(see ⟦cite|Thackeray⟧, 1848/2001; ⟦cite|Ellsworth⟧, 1999)
⟦cite|Crowe⟧ and ⟦cite|Ashby⟧ (1999) call this drift.
⟦cite|Tallis⟧ [12] reports a lower value.
“Time is a river” (⟦cite|Sharples⟧ 45; see also ⟦cite|Gallagher⟧ 12–14).
In ⟦cite|Buchanan⟧’s 1962 study, nobody slept.
⟦common_word|Guy⟧ ropes hold the tent.
⟦common_word|Waters⟧ rise, ⟦common_word|stones⟧ sink.
⟦common_word|Parsons⟧ were paid in kind.
⟦common_word|Penny⟧ loafers, ⟦common_word|penny⟧ stocks: a ⟦common_word|penny⟧ for your thoughts.
⟦common_word|Frost⟧ damages the buds.
⟦common_word|Grace⟧ is given, not earned.
⟦common_word|Miles⟧ away, a dog barked.
The ⟦common_word|Park⟧ closes at nine.
⟦common_word|Cook⟧ the rice until it is soft.
⟦common_word|Page⟧ 4 is missing.
⟦common_word|Chase⟧ scenes bore me.
On ⟦common_word|Robin⟧ Hood and other thieves
⟦common_word|Basil⟧ and ⟦common_word|amber⟧ notes dominate.
⟦common_word|Iris⟧ recognition is a biometric method.
# The ⟦common_word|Rose⟧ in Medieval Poetry
## ⟦common_word|Summer⟧ Reading
All that ⟦common_word|winter⟧ they ate roots.
We ⟦common_word|drew⟧ a card and the ⟦common_word|dean⟧ smiled.
It was ⟦common_word|so⟧ cold, ⟦common_word|an⟧ ox froze.
The ⟦common_word|bell⟧ rang at noon.
⟦common_word|Joy⟧, said the poet, is a bird.
The value of ⟦number|2.71828⟧ was used (table ⟦number|12⟧).
t(⟦number|58⟧) = ⟦number|2.11⟧, p = ⟦number|.039⟧
Call number ⟦number|QA76.9⟧ and item ⟦number|0012345⟧.
On ⟦date|14/02/1989⟧ the law changed.
The ISSN is ⟦number|1234-5678⟧.
It happened at ⟦number|10:45⟧ on ⟦date|2 June 1953⟧.
Source: ⟦url|https://www.nytimes.com/2019/05/04/opinion/emma-jordan.html⟧
Available at ⟦url|https://github.com/numpy/numpy⟧.
""")

CITATIONS = _lines("""
{c:cite} showed that feedback must be timely.
Earlier work ({c:cite_in}) found no effect.
The term was coined by {c:cite_al} and is still in use.
See also {c:cite_and} for a review.
According to {c:cite}, most of the variance is between schools.
This was disputed later ({c:cite_page}).
As {c:cite_poss} meta-analysis shows, effects are small.
{c:cite_poss} book started the debate.
This echoes {c:cite}.
Several authors agree ({c:cite_in}).
""")

REFERENCES = _lines("""
{c:ref_apa}. Learning to look: Essays on method. Harbour Press.
{c:ref_apa2}. The cost of waiting. Journal of Slow Science, 12(3), 45–67. https://doi.org/10.1000/xyz
{c:ref_mla}. The Patient Reader. Harbour Press, 2011.
{c:ref_chicago}. Rivers of Ink. London: Harbour Press, 1998.
[3] {c:ref_ieee}, “Fast sorting for slow people,” Proc. Conf. Things, 2015, pp. 1–9.
{c:ref_apa}. Notes on water (2nd ed.). Quay Books.
{c:ref_mla}. “On Not Waiting.” Slow Review, vol. 3, no. 2, 2014, pp. 11–29.
{c:ref_chicago}. A History of Salt. Chicago: Quay, 2003.
{c:ref_ieee}, “Counting sheep,” J. Sleep, vol. 4, p. 12, 2018.
{c:ref_apa2}. In P. Editor (Ed.), Handbook of things (pp. 3–9). Quay Books.
""")

HEADERS = _pieces(r"""
{me:full}
{t:title_last}
ENGL 214
14 October 2023
%%
Name: {me:full}
Student ID: {me:id}
Course: PHYS 101
%%
By {me:full}
%%
Submitted by: {me:last_first} ({me:id})
Instructor: {t:title_full}
%%
{me:upper}
Reflection 3
%%
Lab report 4
Authors: {me:full}, {p:full} and {q:full}
%%
---
title: The Turn
author: {me:full}
date: 2024-02-11
---
%%
\title{Heat}
\author{{me:full}}
\maketitle
%%
The Silence of Machines

{me:full}
Department of Philosophy, Harbour University
{me:email}
%%
{me:last} {me:first}
{t:title_last}
HIST 330
%%
{me:full} | {me:id} | Essay 2
%%
Assignment 3 – {me:full}
%%
# Reflection by {me:full}
%%
{
 "cells": [
  {"source": ["# Homework 2\n", "{me:full} ({me:email})"]}
 ]
}
%%
Group 4: {me:full}, {p:full}, {q:full}
%%
To whom it may concern,

my name is {me:full}.
""")

ENDINGS = _pieces("""
Kind regards,
{me:first}
%%
– {me:full}
%%
Word count: 812
%%
{me:last} 4
%%
Signed: {me:full}, 12 May 2024
%%
Best,
{me:full}
{me:email}
%%
Yours,
{me:full}
%%
{me:full}
{me:phone}
%%
I declare that this is my own work. {me:full}, 3 June 2024
%%
({me:first})
%%
 xoxo {me:first}
""")

THREADS = _pieces("""
From: {p:full} <{p:email}>
To: {me:full} <{me:email}>
Subject: Draft

Hi {me:first},

can you send the file? {q:first} needs it too.

Thanks
{p:first}
%%
On Mon, 4 Mar 2024, {p:full} wrote:
> I think the second table is wrong.
> {p:first}

Dear {p:first},

it is. I will ask {q:full}.
%%
{p:first}: did you start?
{me:first}: no
{q:first}: me neither lol
%%
Minutes
Present: {p:full}, {q:full}, {r:full}
Apologies: {me:full}
1. {p:first} reports on the survey.
%%
| Name | Task |
|---|---|
| {p:full} | figures |
| {q:full} | text |
%%
{p:full} 10:42 AM
Anyone got the notes?
{me:full} 10:43 AM
yes sending
%%
Post by {p:full}
I think the author exaggerates.

Reply from {me:full}
Hi {p:first}, maybe. But {q:first} has a point.
%%
Q: And what happened then, {p:first}?
A: I left.
%%
Attendees: {p:first}, {q:first}, {r:first}
""")

CODE = _pieces('''
#!/usr/bin/env python3
# Author: {me:full}
# {me:email}

import math


class Shape:
    ⟦code|@property⟧
    def area(self):
        return math.pi


def ⟦code|mark_page⟧(page, field):
    # {p:first} wrote this part
    return page[field]
%%
/*
 * Homework 5
 * @author {me:full}
 * @version 1.2
 */
public class Main {
    ⟦code|@Override⟧
    public String toString() { return "rose"; }
}
%%
// {me:last_first}, {me:id}
// helped by {p:full}
const ⟦code|rivers⟧ = [1, 2, 3];
for (const ⟦code|stone⟧ of rivers) { console.log(stone); }
%%
$ git log
Author: {me:full} <{me:email}>
Date:   Tue Mar 5 10:00:00 2024

    fix the loop
%%
def solve(n):
    """Solve it.

    Author: {me:full}
    """
    ⟦code|page⟧ = n
    return ⟦code|page⟧
%%
-- {me:full}, {me:id}
SELECT ⟦code|rose⟧, ⟦code|field⟧ FROM ⟦code|lake⟧;
%%
package com.⟦code|example⟧;
// TODO({p:first}): fix
''')

FILE_NAMES = _lines("""
{given}{family}_essay2_final.docx
{family}_{given}_LATE_129931_7712093_Essay.pdf
hw3-{user}.py
{family}, {given} - Reflection.docx
{id}_lab4.pdf
essay.docx
{given} {family} Term Paper.odt
COMP101_A2_{family}{initial}.zip
{given}.{family}.Draft1.docx
Essay ({given} {family}).docx
{user}_assign_2.zip
attempt_2024-03-01-10-11-12_{user}.txt
{family}{given}_1290_assignsubmission_file_essay.pdf
IMG_2231.jpg
{given}s homework.txt
""")
# Sentences in which nobody stands.
PROSE = _lines("""
The first chapter sets out the problem and the second one avoids it.
Most of the sources that I found were written long after the event.
It is easier to describe a machine than to explain what it is for.
When the temperature rises, the pressure in the vessel rises as well, and the valve opens.
The table shows the mean of five measurements together with the standard deviation.
None of this means that the author is wrong, but it means that the argument is weaker than it looks.
Two things follow from this definition, and only one of them is obvious.
At the end of the story the house is sold, and nobody looks back.
The survey was anonymous and took about ten minutes to complete.
We repeated the procedure three times and threw away the first run.
A loop that never ends is easy to write and hard to find.
In many countries the law was changed after the war, in some of them twice.
This paper argues that the distinction is useful although it cannot be drawn sharply.
The poem has fourteen lines, a turn after the eighth, and no rhyme at all.
What the graph does not show is how long the whole process took.
Prices fell in the spring, rose in the autumn, and stayed where they were for a year.
I changed my mind about this while I was writing the conclusion.
The method has three steps, each of which can fail without being noticed.
""")
