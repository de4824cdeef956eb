# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that no experiment on a production array should ask, and why not."""

from __future__ import annotations

from .experiment import Unasked

APPROVAL = Unasked(
    "6.1",
    "approval_answer",
    "What answers a request that waits for approval?",
    "no request of this run needed an approval",
)

_NO_CERTIFICATES = "the probe installs no certificates, and the modules are right either way"

UNASKED = (
    Unasked(
        "2.1",
        "svm_implied_when_single",
        "Does a create without SVM go to the only data SVM?",
        "it might create a policy outside of the named SVM",
    ),
    Unasked(
        "4.5",
        "cluster_scope",
        "Are there policies of cluster scope?",
        "it might create a policy outside of the named SVM",
    ),
    Unasked(
        "6",
        "svm_of_own_account",
        "Do records that an account of one SVM reads say which SVM they are of?",
        "the modules are right either way, and the account of this run may be one of the cluster",
    ),
    Unasked(
        "7.2",
        "events_of_svm_accounts",
        "May an account of one SVM read the array's events?",
        "the modules say what they could not read, and the account of this run may be one of the cluster",
    ),
    Unasked(
        "7.2",
        "association_text",
        "How does an event spell the association that it is about?",
        "it takes a packet that an association can't decrypt, and the modules name an event that they can't read",
    ),
    Unasked(
        "7.3",
        "webhook_content",
        "Has an event that is posted its name and parameters, or the text of the log only?",
        "it takes a server that the array posts to, and the event source of this collection takes either",
    ),
    Unasked(
        "3.2",
        "address_filters",
        "Does a filter compare addresses by value, or as text?",
        "the modules do not filter by address unless a user of the info module does",
    ),
    Unasked(
        "3.1, 3.2",
        "port_filters",
        "Does a filter compare ports as they are stored, by number, or as text?",
        "the modules do not filter by port unless a user of the info module does",
    ),
    Unasked(
        "3.2",
        "invalid_filter_value",
        "Is a filter value that no record can have refused, or does it find nothing?",
        "the modules check such values themselves",
    ),
    Unasked(
        "5.1",
        "reported_fault",
        "Which of several faults of a body is reported?",
        "advice is given for whatever code comes",
    ),
    Unasked(
        "6",
        "long_request_lines",
        "Is a request line of more than 8 KB refused?",
        "a front end may take it for an attack",
    ),
    Unasked(
        "6.1",
        "approval_of_svm_accounts",
        "Do requests of an account of one SVM need approval as well?",
        "approvals are asked for by rules that others have made",
    ),
    Unasked(
        "7",
        "certificate_text",
        "Has an installed certificate line breaks, or blanks?",
        "the modules read it either way",
    ),
    Unasked(
        "7",
        "several_intermediates",
        "May several intermediate certificates each be an element of the list?",
        _NO_CERTIFICATES,
    ),
    Unasked(
        "7",
        "incomplete_chain",
        "Is a certificate refused whose authority the array does not know?",
        _NO_CERTIFICATES,
    ),
    Unasked(
        "7",
        "certificate_names",
        "May certificates of one name and several types be on one SVM?",
        _NO_CERTIFICATES,
    ),
    Unasked("7", "certificate_in_use", "Is a certificate that IPsec uses deleted?", _NO_CERTIFICATES),
    Unasked(
        "8",
        "identities_with_key",
        "For which remote ends does a policy with a key need the remote identity?",
        "it takes policies for everybody's traffic to see",
    ),
    Unasked("9.13", "empty_strings", "Is an empty string stored or refused?", "the modules send none"),
    Unasked(
        "8",
        "lost_by_name_filter",
        "Which fields does a listing that is filtered by name leave out?",
        "whatever the listing of one policy shows, another may lack",
    ),
    Unasked(
        "8",
        "associations_on_change",
        "Does a change of endpoints, protocol or identities end security associations?",
        "it needs a live peer, whose traffic would be interrupted",
    ),
    Unasked("9.16", "", "How many policies can there be?", "the SVM would have to be filled up"),
    Unasked(
        "9.18",
        "out_of_time",
        "What does a listing say when time is up?",
        "the array would have to be slowed down until it is",
    ),
    Unasked("9.19", "", "What became of a write whose answer is lost?", "an answer would have to be lost on purpose"),
    Unasked(
        "9.21", "", "What does 9.7 answer?", "it can be seen on 9.7 only, which this collection does not work with"
    ),
    Unasked("9.22", "", "Does a secret differ?", "ONTAP returns none"),
    Unasked("9.24", "", "Which of two overlapping policies wins?", "it takes traffic and enabled policies to see"),
)
