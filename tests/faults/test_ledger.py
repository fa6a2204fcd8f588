"""The verdict sees each kind of broken promise, and takes nothing for one that is none."""

import unittest

from device import Sent
from ledger import Arrival, judge


def sent(count, kind="n", times=1, acknowledged=True):
    return {"d": {n: Sent(kind, at=float(n), times=times, acknowledged=acknowledged) for n in range(1, count + 1)}}


def arrivals(*named, output="hub", waited=0.1):
    """Each is (id, number)."""
    return [Arrival(output, name, "d", number, number + waited) for name, number in named]


class LedgerTest(unittest.TestCase):
    def wrong(self, *arguments, **options):
        return [text.split(":")[0] for text in judge(*arguments, **options).wrong]

    def test_all_there_in_order_is_right(self):
        verdict = judge(sent(3), arrivals(("a-1", 1), ("a-2", 2), ("a-3", 3)))
        self.assertEqual(verdict.wrong, [])
        self.assertEqual(verdict.counts, {"acknowledged": 3, "arrived": 3})

    def test_acknowledged_and_missing_is_lost(self):
        self.assertEqual(self.wrong(sent(2), arrivals(("a-1", 1))), ["lost"])
        self.assertEqual(self.wrong(sent(2, acknowledged=False), arrivals(("a-1", 1))), [])

    def test_a_message_for_two_outputs_must_be_in_both(self):
        in_hub = arrivals(("a-1", 1))
        self.assertEqual(self.wrong(sent(1, "x"), in_hub), ["lost"])
        self.assertEqual(self.wrong(sent(1, "x"), in_hub + arrivals(("a-1", 1), output="direct")), [])
        self.assertEqual(self.wrong(sent(1, "d"), in_hub), ["astray", "lost"])

    def test_the_same_id_again_is_the_gateways_resend(self):
        verdict = judge(sent(1), arrivals(("a-1", 1), ("a-1", 1)))
        self.assertEqual(verdict.wrong, [])
        self.assertEqual(verdict.counts["gateway's resends"], 1)

    def test_another_id_is_the_devices_resend_if_it_sent_it_again(self):
        twice = arrivals(("a-1", 1), ("a-2", 1))
        verdict = judge(sent(1, times=2), twice)
        self.assertEqual(verdict.wrong, [])
        self.assertEqual(verdict.counts["devices' resends"], 1)
        self.assertEqual(self.wrong(sent(1, times=1), twice), ["duplicated"])

    def test_a_resend_at_qos_2_must_be_recognised_by_the_same_process(self):
        self.assertEqual(self.wrong(sent(1, times=2), arrivals(("a-1", 1), ("a-2", 1)), exactly_once={"d"}), ["duplicated"])
        self.assertEqual(self.wrong(sent(1, times=2), arrivals(("a-1", 1), ("b-2", 1)), exactly_once={"d"}), [])

    def test_an_id_names_one_message(self):
        self.assertEqual(self.wrong(sent(2), arrivals(("a-1", 1), ("a-2", 2), ("a-1", 2))), ["id used twice"])

    def test_what_nobody_sent_is_invented(self):
        self.assertEqual(self.wrong(sent(1), arrivals(("a-1", 1), ("a-2", 2))), ["invented"])

    def test_first_arrivals_of_a_process_are_in_order(self):
        self.assertEqual(self.wrong(sent(2), arrivals(("a-2", 2), ("a-1", 1))), ["reordered"])
        # Each process has its own streams; what comes again is not put in order.
        self.assertEqual(self.wrong(sent(2, times=2), arrivals(("b-1", 2), ("a-1", 1), ("a-2", 2), ("a-1", 1))), [])

    def test_only_what_has_waited_is_overtaken(self):
        late = arrivals(("a-3", 3)) + arrivals(("a-1", 1), ("a-2", 2), waited=5)
        self.assertEqual(self.wrong(sent(3), late), [])
        disordered = arrivals(("a-3", 3)) + arrivals(("a-2", 2), ("a-1", 1), waited=5)
        self.assertEqual(self.wrong(sent(3), disordered), ["reordered"])
        direct = [Arrival("direct", a.id, a.device, a.number, a.at) for a in late]
        self.assertEqual(self.wrong(sent(3, "d"), direct), ["reordered", "reordered"])

    def test_an_earlier_ledgers_messages_may_come_again(self):
        verdict = judge({"d": {3: Sent("n", 3.0, 1, True)}}, arrivals(("a-2", 2), ("a-3", 3)),
                        closed={("hub", "a-2"): ("d", 2)})
        self.assertEqual(verdict.wrong, [])
        self.assertEqual(verdict.counts["gateway's resends after a ledger was closed"], 1)

    def test_an_earlier_ledgers_message_under_a_new_id_is_wrong(self):
        for closed in ({("hub", "a-1"): ("d", 2)}, {("hub", "a-2"): ("d", 1)}):
            verdict = judge({"d": {3: Sent("n", 3.0, 1, True)}}, arrivals(("a-2", 2), ("a-3", 3)), closed=closed)
            self.assertEqual(len(verdict.wrong), 1)


if __name__ == "__main__":
    unittest.main()
