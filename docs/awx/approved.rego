# Policy enforcement for Automation Controller, by Open Policy Agent: nothing is applied to the clusters whose digest nobody approved.
#
# Attach it to the inventory of the clusters as ipsec/job. What is approved is in OPA's data, below ipsec_approvals: each a file
# approve-….json of a plan, under any name. Job templates, projects and inventories are judged by their names, so nobody else may
# have the right to change them. See docs/awx.md, Policy as code.
package ipsec

import rego.v1

# The project and the playbooks that jobs of this inventory may have. Those of "reading" write to no cluster.
project := "IPsec"

reading := {"audit.yml", "drift.yml", "export.yml", "lint.yml", "plan.yml"}

applying := {"apply.yml"}

# The controller stops a job only if it is not allowed and a violation says why: that is one and the same here.
job := {"allowed": count(violations) == 0, "violations": violations}

violations contains message if {
	not input.project.name == project
	message := sprintf("A job on these clusters has to come from the project %s", [project])
}

violations contains "A job on these clusters has to run what the project has, and no other branch." if {
	not object.get(input, "scm_branch", "unknown") in {"", null}
}

violations contains message if {
	not object.get(input, "playbook", "unknown") in (reading | applying)
	message := sprintf("This playbook may not run on these clusters: %v", [object.get(input, "playbook", "unknown")])
}

# Ansible evaluates templates in variables, which may run anything, and lets these of its own say what runs a task.
violations contains message if {
	some name in {name | walk(object.get(input, "extra_vars", {}), [path, value]); evaluated(path, value); name := path[0]}
	message := sprintf("An extra variable has a template, or is one of Ansible's own: %v", [name])
}

evaluated(_, value) if {
	is_string(value)
	regex.match(`\{[{%#]`, value)
}

evaluated(path, _) if startswith(sprintf("%v", [path[0]]), "ansible_")

violations contains "Which extra variables the job has is not told." if {
	not is_object(object.get(input, "extra_vars", null))
}

violations contains "There is no digest of a plan that was approved: launch the workflow, which plans first." if {
	writes
	not digests
}

violations contains message if {
	writes
	some digest in digests
	not digest in approved
	message := sprintf("In no file of ipsec_approvals, so not approved, is the plan %v", [digest])
}

# In check mode nothing is written.
writes if {
	not object.get(input, "playbook", "unknown") in reading
	not object.get(input, "job_type", "unknown") == "check"
}

# Undefined, and so "not digests", for a list that is empty, and for whatever is no list.
digests := given if {
	given := input.extra_vars.ipsec_plan_digests
	is_array(given)
	count(given) > 0
}

approved contains digest if {
	is_object(data.ipsec_approvals)
	some approval in data.ipsec_approvals
	is_object(approval)
	is_array(approval.ipsec_plan_digests)
	some digest in approval.ipsec_plan_digests
}
