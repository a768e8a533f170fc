from io import StringIO

from django.core.management.base import OutputWrapper

from directory.management.progress import end_of_progress, progress_on


class Terminal(StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_one_line_that_is_rewritten_even_through_two_commands():
    terminal = Terminal()
    output = OutputWrapper(OutputWrapper(terminal))  # type: ignore[arg-type] # as call_command hands it on
    show = progress_on(output, "bic")
    show(40, "writing")
    end_of_progress(output)
    output.write("done")
    assert terminal.getvalue() == "\r\x1b[Kbic:   0 % reading\r\x1b[Kbic:  40 % writing\r\x1b[Kdone\n"


def test_a_file_gets_a_plain_line_for_each_quarter_and_each_new_step():
    file = StringIO()
    output = OutputWrapper(file)
    show = progress_on(output, "bic")
    for percent in (1, 12, 30, 31):
        show(percent, "reading")
    show(60, "writing")
    end_of_progress(output)
    assert file.getvalue() == "bic: 0 % reading\nbic: 30 % reading\nbic: 60 % writing\n"
