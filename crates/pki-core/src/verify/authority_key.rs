//! Who may have issued whom, by names and key identifiers alone; signatures come later.

use crate::certificate::{Certificate, Extensions};

/// v3_purp.c `X509_check_issued` without key usage (`ossl_x509_likely_issued`): the names fit, the authority key
/// identifier does not speak against it, and the issuer's key can have made such a signature.
pub(super) fn likely_issued(issuer: &Certificate, subject: &Certificate) -> bool {
    subject.parts().issuer.same(&issuer.parts().subject)
        && fits(issuer, &subject.parts().extensions)
        && subject.parts().algorithm.fits(issuer.public_key().family())
}

/// `EXFLAG_SS`. A certificate that names itself as its issuer and was signed with another key is none if it carries
/// the other key's identifier.
pub(super) fn is_self_signed(certificate: &Certificate) -> bool {
    likely_issued(certificate, certificate)
}

/// `X509_check_akid`: whether this authority key identifier can mean this issuer. Without one it can.
pub(super) fn fits(issuer: &Certificate, extensions: &Extensions) -> bool {
    let Some(wanted) = &extensions.authority_key_id else {
        return true;
    };
    let differs = |wanted: Option<&[u8]>, is: Option<&[u8]>| matches!((wanted, is), (Some(a), Some(b)) if a != b);
    !(differs(wanted.key.as_deref(), issuer.subject_key_id())
        || wanted
            .serial
            .as_ref()
            .is_some_and(|serial| *serial != issuer.serial())
        || wanted
            .issuer
            .as_ref()
            .is_some_and(|name| !name.same(&issuer.parts().issuer)))
}
