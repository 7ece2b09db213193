"""What people get out of a grade book: a page for each student, one for the class, a table.

    feedback/<student>.html   to hand out: each exercise, its misconception by name, what to do
    class.html                to look at: progress, a histogram for each exercise, misconceptions
    grades.csv                to import: a row for each notebook

Every page is one file without scripts and without anything fetched; it forbids both by itself
(Content-Security-Policy), so that even a mistake in escaping could not run anything. All text goes
through Jinja's autoescape. A state is a sign and a word, a bar has its number beside it.
"""

from companion.course.feedback.publish import publish, student_page

__all__ = ["publish", "student_page"]
